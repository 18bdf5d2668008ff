{{ config(materialized='view') }}

with listed as (
    select * from {{ ref('int_actions__listed') }}
),

stated as (
    select * from {{ ref('int_actions__stated') }}
),

priorities as (
    select * from {{ ref('provider_priorities') }}
),

bearers as (
    select * from {{ ref('int_tickers__borne') }}
    where is_exception
),

versions as (
    select
        'polygon' as provider,
        ticker,
        action_kind,
        ex_date,
        split_from,
        split_to,
        cash_amount,
        currency_code,
        dividend_type,
        declared_date,
        record_date,
        pay_date,
        provider_action_id,
        response_id,
        known_from,
        known_to
    from listed
    union all
    select
        provider,
        ticker,
        action_kind,
        ex_date,
        split_from,
        split_to,
        cash_amount,
        cast(null as {{ dbt.type_string() }}) as currency_code,
        cast(null as {{ dbt.type_string() }}) as dividend_type,
        cast(null as date) as declared_date,
        cast(null as date) as record_date,
        cast(null as date) as pay_date,
        cast(null as {{ dbt.type_string() }}) as provider_action_id,
        response_id,
        known_from,
        known_to
    from stated
)

select
    {{ hash_of([
        'versions.provider', 'versions.ticker', 'versions.action_kind', 'versions.ex_date', 'versions.split_from',
        'versions.split_to', 'versions.cash_amount', 'versions.currency_code', 'versions.dividend_type',
        'versions.declared_date', 'versions.record_date', 'versions.pay_date', 'versions.provider_action_id',
        epoch_seconds('versions.known_from'),
    ]) }} as action_key,
    {{ security_key('versions.ticker', 'bearers') }} as security_key,
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
    -- What was inferred goes last, and before it a provider that the seed does not rank.
    case when versions.provider = 'pystock' then 2000 else coalesce(priorities.priority, 1000) end as provider_priority,
    versions.provider = 'pystock' as is_inferred,
    coalesce(bearers.ticker_count > 1, false) as has_several_tickers,
    versions.provider_action_id,
    versions.response_id,
    versions.known_from,
    versions.known_to
from versions
left join priorities on versions.provider = priorities.provider
left join bearers on {{ bore_on('bearers', 'versions.ticker', 'versions.ex_date') }}
