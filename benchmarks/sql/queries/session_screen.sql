-- one: A screen of a session: rising averages, strength, and more volume than usual.
select ticker, close_price, rsi_14, volume_z_score_20, realised_volatility_20
from marts.fct_daily_indicators
where trading_date = %(session)s and ema_12 > ema_26 and close_price > sma_20 and volume_z_score_20 > 1
order by rsi_14 desc
limit 50
