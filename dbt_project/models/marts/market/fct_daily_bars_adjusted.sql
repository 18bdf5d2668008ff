{{ config(indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}]) }}

with bars as (
    select * from {{ ref('fct_daily_bars') }}
),

factors as (
    select * from {{ ref('int_actions__factored') }}
),

factored as (
    select
        bars.security_key,
        bars.ticker,
        bars.trading_date,
        bars.open_price,
        bars.high_price,
        bars.low_price,
        bars.close_price,
        bars.volume,
        coalesce(factors.split_factor, 1) as split_factor,
        coalesce(factors.dividend_factor, 1) as dividend_factor,
        greatest(bars.known_from, factors.known_from) as known_from
    from bars
    left join factors
        on bars.security_key = factors.security_key
            and bars.trading_date < factors.until_date
            and (factors.from_date is null or bars.trading_date >= factors.from_date)
)

select
    security_key,
    ticker,
    trading_date,
    open_price * split_factor as open_price,
    high_price * split_factor as high_price,
    low_price * split_factor as low_price,
    close_price * split_factor as close_price,
    volume / split_factor as volume,
    close_price * split_factor * dividend_factor as total_return_close_price,
    split_factor,
    dividend_factor,
    known_from
from factored
