{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook="{{ claim_new_loads(upstream='int_bars__latest') }}",
    )
}}

with newly_claimed as (
    select
        ticker,
        trading_date
    from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

latest as (
    select bars.* from {{ ref('int_bars__latest') }} as bars
    {%- if is_incremental() %}
    where
        exists (
            select 1 from newly_claimed
            where newly_claimed.ticker = bars.ticker and newly_claimed.trading_date = bars.trading_date
        )
    {%- endif %}
),

priorities as (
    select * from {{ ref('provider_priorities') }}
),

numbered as (
    select
        latest.*,
        -- Several providers sell the same bar: one free of suspicion comes first, then the order of the seed.
        row_number() over (
            partition by latest.ticker, latest.trading_date
            order by
                case when latest.suspicion is null then 0 else 1 end,
                coalesce(priorities.priority, 1000),
                latest.provider
        ) as choice_number,
        count(*) over (partition by latest.ticker, latest.trading_date) as provider_count
    from latest
    left join priorities on latest.provider = priorities.provider
)

select
    {{ security_key('ticker') }} as security_key,
    ticker,
    trading_date,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    provider,
    cast(provider_count as {{ dbt.type_int() }}) as provider_count,
    cast(version_count as {{ dbt.type_int() }}) as version_count,
    suspicion is not null as is_suspect,
    known_from
from numbered
where choice_number = 1
