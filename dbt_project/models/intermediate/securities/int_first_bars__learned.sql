{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='ticker',
        indexes=[{'columns': ['ticker']}],
        pre_hook="{{ claim_new_loads(sources=bar_providers()) }}",
    )
}}

-- Bars of long ago may be learned of late: kept is each bar that was earlier than all learned of before it. What two
-- loads know of that can be merged in any order.

with bars as (
    select * from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

learned as (
    select
        ticker,
        received_at as known_from,
        min(trading_date) as first_trading_date
    from bars
    group by ticker, received_at
    {%- if is_incremental() %}
    union all
    select
        known.ticker,
        known.known_from,
        known.first_trading_date
    from {{ this }} as known
    where known.ticker in (select bars.ticker from bars)
    {%- endif %}
),

merged as (
    select
        ticker,
        known_from,
        min(first_trading_date) as first_trading_date
    from learned
    group by ticker, known_from
),

compared as (
    select
        *,
        min(first_trading_date) over (
            partition by ticker order by known_from
            rows between unbounded preceding and 1 preceding
        ) as first_trading_date_before
    from merged
)

select
    ticker,
    known_from,
    first_trading_date
from compared
where first_trading_date_before is null or first_trading_date < first_trading_date_before
