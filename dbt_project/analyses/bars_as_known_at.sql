-- What did we know, and when? The latest bar of each security as of noon UTC two weeks before the newest delivery:
-- nothing in it was learned later, so a backtest that reads it does not look ahead.
with moment as (
    select max(known_from) - interval '14 days' as known_at
    from {{ ref('fct_daily_bars') }}
),

known as (
    select
        bars.ticker,
        bars.trading_date,
        bars.close_price,
        bars.volume,
        bars.known_from,
        row_number() over (partition by bars.security_key order by bars.trading_date desc) as days_back
    from {{ ref('fct_daily_bars') }} as bars
    inner join moment on bars.known_from <= moment.known_at
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
