{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='action_key',
        indexes=[{'columns': ['security_key', 'ex_date']}, {'columns': ['ticker']}, {'columns': ['ex_date']}],
        pre_hook=[
            "{{ claim_new_loads(upstream='int_actions__listed') }}",
            "{{ number_changes() }}",
            "{{ follow_changes('int_actions__stated') }}",
            "{{ touch_actions() }}",
        ],
        post_hook=["{{ note_applied_bearers() }}", "{{ create_corporate_actions_as_of() }}"],
    )
}}

-- All actions of a security are told anew where one of them has changed: which of them count depends on all.

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
with touched as (  -- noqa: ST03
    select
        ticker,
        security_key
    from {{ ref('int_actions__touched') }}
    where model = '{{ this.identifier }}' and change_number = {{ this_change() }}
),

versions as (
    select versioned.*
    from {{ ref('int_actions__versioned') }} as versioned
    {%- if is_incremental() %}
inner join touched on versioned.ticker = touched.ticker and versioned.security_key = touched.security_key
    {%- endif %}
),

current_versions as (
    select * from versions
    where known_to is null
),

-- Known now, from the best provider that knows of it, each thing once however many tell of it.
chosen as (
    {{ chosen_actions('current_versions') }}
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
