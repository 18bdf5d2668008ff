-- one: How a security has stood in its bands and averages over the last 60 sessions.
select trading_date, close_price, sma_20, sma_200, rsi_14, macd_histogram, bollinger_upper_20, bollinger_lower_20, beta_60
from marts.fct_daily_indicators
where ticker = %(ticker)s and trading_date <= %(session)s
order by trading_date desc
limit 60
