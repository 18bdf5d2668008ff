-- one: The days on which a security was written about, and how it moved.
select trading_date, close_price, one_day_return, volume / average_volume_20_sessions as usual_volumes, article_count
from marts.mart_stock_days
where ticker = %(ticker)s and article_count > 0
order by trading_date
