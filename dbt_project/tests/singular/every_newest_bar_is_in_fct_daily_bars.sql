{{
    config(
        description="""
No bar is lost on the way to the mart: each ticker and date that a provider delivered has a bar of its company there, under
one of the tickers that the company has used.""")
}}

with versions as (
    select * from {{ ref('fct_daily_bar_versions') }}
    where is_current and {{ is_in_test_scope() }}
),

bars as (
    select * from {{ ref('fct_daily_bars') }}
)

select
    versions.ticker,
    versions.trading_date,
    versions.provider
from versions
left join bars on versions.security_key = bars.security_key and versions.trading_date = bars.trading_date
where bars.security_key is null or (bars.ticker != versions.ticker and versions.superseded_at is null)
