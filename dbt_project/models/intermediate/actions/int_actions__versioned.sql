{{ config(indexes=[{'columns': ['action_key'], 'unique': true}]) }}

with listed as (
    select * from {{ ref('int_actions__listed') }}
),

stated as (
    select * from {{ ref('int_actions__stated') }}
),

priorities as (
    select * from {{ ref('provider_priorities') }}
),

assigned as (
    select * from {{ ref('int_tickers__assigned') }}
    where is_exception and not is_deleted
),

unioned as (
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
        known_from,
        known_to
    from stated
),

versions as (
    select
        {{ hash_of([
            'unioned.provider', 'unioned.ticker', 'unioned.action_kind', 'unioned.ex_date', 'unioned.split_from',
            'unioned.split_to', 'unioned.cash_amount', 'unioned.currency_code', 'unioned.dividend_type',
            'unioned.declared_date', 'unioned.record_date', 'unioned.pay_date', 'unioned.provider_action_id',
            epoch_seconds('unioned.known_from', parts=1000000),
        ]) }} as action_key,
        {{ security_key('unioned.ticker', 'assigned') }} as security_key,
        unioned.*,
        -- Inferred actions go last, after a provider that the seed does not rank.
        case
            when unioned.provider = 'pystock' then 2000
            else coalesce(priorities.priority, 1000)
        end as provider_priority,
        unioned.provider = 'pystock' as is_inferred,
        coalesce(assigned.ticker_count > 1, false) as has_several_tickers
    from unioned
    left join priorities on unioned.provider = priorities.provider
    left join assigned on {{ is_assigned_on('assigned', 'unioned.ticker', 'unioned.ex_date') }}
),

current_versions as (
    select * from versions
    where known_to is null
),

chosen as (
    {{ chosen_actions('current_versions', company=['security_key']) | indent(4) }}
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
    versions.known_to,
    {{ dbt.current_timestamp() }} as _updated_at
from versions
left join chosen on versions.action_key = chosen.action_key
