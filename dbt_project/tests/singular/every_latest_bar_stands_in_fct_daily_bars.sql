{{
    config(
        description="""
No bar is lost on the way to the mart: each security and date that any provider delivered stands there, under one of the
tickers that the company has borne.""")
}}

{% set noted = [keys_to_test(ref('int_bars__versioned')), keys_to_test(ref('fct_daily_bar_versions'))] %}

with {% if noted | select | list | length == 2 -%}
touched as (
    select
        ticker,
        trading_date,
        provider
    from {{ noted[0] }}
    union
    select
        ticker,
        trading_date,
        provider
    from {{ noted[1] }}
),

latest as (
    select latest_bars.* from {{ ref('int_bars__latest') }} as latest_bars
    inner join touched
        on latest_bars.ticker = touched.ticker
            and latest_bars.trading_date = touched.trading_date
            and latest_bars.provider = touched.provider
),

{% else -%}
latest as (
    select * from {{ ref('int_bars__latest') }}
),

{% endif -%}
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
