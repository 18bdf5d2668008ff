{{
    config(
        description="""
Each daily bar has an adjusted bar and each adjusted bar a daily bar, and the two agree by the factors of their date: none
was left behind when an action changed the past of its security.""")
}}

with bars as (
    select * from {{ ref('fct_daily_bars') }}
    where {{ is_in_test_scope() }}
),

adjusted as (
    select * from {{ ref('fct_daily_bars_adjusted') }}
),

factors as (
    select * from {{ ref('int_actions__factored') }}
    where not is_deleted
)

select
    coalesce(bars.ticker, adjusted.ticker) as ticker,
    coalesce(bars.trading_date, adjusted.trading_date) as trading_date,
    bars.close_price,
    adjusted.close_price as adjusted_close_price,
    factors.split_factor,
    factors.dividend_factor
from bars
{{ 'full outer' if var('test_scope', 'all') == 'all' else 'left' }} join adjusted
    on bars.security_key = adjusted.security_key and bars.trading_date = adjusted.trading_date
left join factors
    on
        bars.security_key = factors.security_key
        and bars.trading_date < factors.until_date
        and (factors.from_date is null or bars.trading_date >= factors.from_date)
where
    adjusted.security_key is null
    or bars.security_key is null
    or adjusted.split_factor <> coalesce(factors.split_factor, 1)
    or adjusted.dividend_factor <> coalesce(factors.dividend_factor, 1)
    or adjusted.close_price <> bars.close_price * adjusted.split_factor
