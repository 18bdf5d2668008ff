{{
    config(
        description="""
No bar is lost on the way to the mart: each security and date that any provider delivered stands there.""")
}}

with latest as (
    select * from {{ ref('int_bars__latest') }}
),

bars as (
    select * from {{ ref('fct_daily_bars') }}
)

select
    latest.ticker,
    latest.trading_date,
    latest.provider
from latest
left join bars on latest.ticker = bars.ticker and latest.trading_date = bars.trading_date
where bars.ticker is null
