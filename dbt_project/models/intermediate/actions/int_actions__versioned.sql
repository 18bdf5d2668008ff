{{ config(indexes=[{'columns': ['ticker', 'ex_date']}]) }}

with listed as (
    select * from {{ ref('int_actions__listed') }}
),

stated as (
    select * from {{ ref('int_actions__stated') }}
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
        'provider', 'ticker', 'action_kind', 'ex_date', 'split_from', 'split_to', 'cash_amount', 'currency_code',
        'dividend_type', 'declared_date', 'record_date', 'pay_date', 'provider_action_id', epoch_seconds('known_from'),
    ]) }} as action_key,
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
    provider,
    provider = 'pystock' as is_inferred,
    provider_action_id,
    response_id,
    known_from,
    known_to
from versions
