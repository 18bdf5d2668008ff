{{
    config(
        indexes=[{'columns': ['security_key', 'ex_date']}, {'columns': ['ticker']}, {'columns': ['ex_date']}],
        post_hook="{{ create_corporate_actions_as_of() }}",
    )
}}

with versions as (
    select * from {{ ref('int_actions__versioned') }}
),

chosen as (
    select * from {{ ref('int_actions__chosen') }}
)

select
    versions.action_key,
    versions.security_key,
    versions.ticker,
    versions.action_kind,
    versions.ex_date,
    versions.split_from,
    versions.split_to,
    versions.cash_amount,
    versions.currency_code,
    versions.dividend_type,
    versions.declared_date,
    versions.record_date,
    versions.pay_date,
    versions.provider,
    versions.provider_priority,
    versions.is_inferred,
    versions.has_several_tickers,
    chosen.action_key is not null as is_chosen,
    versions.known_from,
    versions.known_to
from versions
left join chosen on versions.action_key = chosen.action_key
