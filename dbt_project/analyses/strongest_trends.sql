-- Which securities have the strongest upward trend on the latest session, and how far have they risen?
with latest as (
    select max(trading_date) as trading_date from {{ ref('fct_daily_indicators') }}
)

select
    indicators.ticker,
    securities.security_name,
    indicators.close_price,
    round(cast(100 * indicators.simple_return_20 as numeric), 1) as return_20_percent,
    round(cast(indicators.rsi_14 as numeric), 1) as rsi_14,
    -- 0 at the lower band, 1 at the upper one.
    round(
        cast(
            (indicators.close_price - indicators.bollinger_lower_20)
            / nullif(indicators.bollinger_upper_20 - indicators.bollinger_lower_20, 0) as numeric
        ), 2
    ) as place_in_bands,
    round(cast((indicators.close_price - indicators.sma_20) / nullif(indicators.atr_14, 0) as numeric), 2)
        as true_ranges_above_mean,
    round(cast(indicators.volume_z_score_20 as numeric), 1) as volume_z_score,
    round(cast(100 * indicators.realised_volatility_20 as numeric), 1) as volatility_percent,
    round(cast(indicators.beta_60 as numeric), 2) as beta
from {{ ref('fct_daily_indicators') }} as indicators
inner join latest on indicators.trading_date = latest.trading_date
inner join {{ ref('dim_securities') }} as securities on indicators.security_key = securities.security_key
where indicators.ema_12 > indicators.ema_26 and indicators.close_price > indicators.sma_20
order by indicators.rsi_14 desc, indicators.simple_return_20 desc
limit 50
