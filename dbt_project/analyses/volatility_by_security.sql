-- Which securities are most volatile? Annualised volatility of the last 20 returns, adjusted for splits.
with latest as (
    select max(trading_date) as trading_date from {{ ref('fct_daily_indicators') }}
)

select
    indicators.ticker,
    securities.security_name,
    indicators.trading_date as last_trading_date,
    round(cast(100 * indicators.realised_volatility_20 as numeric), 1) as volatility_percent
from {{ ref('fct_daily_indicators') }} as indicators
inner join latest on indicators.trading_date = latest.trading_date
inner join {{ ref('dim_securities') }} as securities on indicators.security_key = securities.security_key
where indicators.realised_volatility_20 is not null
order by volatility_percent desc
limit 50
