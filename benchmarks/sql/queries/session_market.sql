-- one: The whole market on one session.
select ticker, open_price, high_price, low_price, close_price, volume, one_day_return
from marts.mart_stock_days
where trading_date = %(session)s
order by ticker
