{{
    config(
        description="""
No bar is lost on the way to the mart: each security and date that any provider delivered stands there, under one of the
tickers that the company has borne.""")
}}

with latest as (
    select * from {{ ref('int_bars__latest') }}
),

bars as (
    select * from {{ ref('fct_daily_bars') }}
),

versions as (
    select * from {{ ref('fct_daily_bar_versions') }}
    where is_current
)

select
    latest.ticker,
    latest.trading_date,
    latest.provider
from latest
left join versions
    on latest.ticker = versions.ticker
        and latest.trading_date = versions.trading_date
        and latest.provider = versions.provider
left join bars on versions.security_key = bars.security_key and versions.trading_date = bars.trading_date
where bars.security_key is null or (bars.ticker != latest.ticker and versions.set_aside_from is null)
