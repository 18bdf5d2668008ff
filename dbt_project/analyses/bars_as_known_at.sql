-- Which bars were known at a past moment? The latest bar of each security as of two weeks before the newest version,
-- without later restatements: a backtest that reads it does not look ahead.
with moment as (
    select max(known_from) - interval '14 days' as known_at
    from {{ ref('fct_daily_bar_versions') }}
),

known as (
    select
        bars.ticker,
        bars.trading_date,
        bars.close_price,
        bars.volume,
        bars.known_from,
        row_number() over (partition by bars.security_key order by bars.trading_date desc) as days_back
    from moment
    cross join lateral {{ function('daily_bars_as_of') }}(moment.known_at) as bars
)

select
    ticker,
    trading_date,
    close_price,
    volume,
    known_from
from known
where days_back = 1
order by close_price * volume desc
limit 50
