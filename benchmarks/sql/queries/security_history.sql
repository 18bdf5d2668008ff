-- one: A security's whole history, adjusted.
select trading_date, open_price, high_price, low_price, close_price, volume, total_return_close_price
from marts.fct_daily_bars_adjusted
where ticker = %(ticker)s
order by trading_date
