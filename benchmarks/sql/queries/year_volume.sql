-- year: Volume at least three times its usual level.
select trading_date, ticker, close_price, volume / average_volume_20_sessions as usual_volumes, one_day_return
from marts.mart_stock_days
where
    trading_date between %(year_before)s and %(session)s
    and average_volume_20_sessions >= 100000
    and volume >= 3 * average_volume_20_sessions
    and not is_suspect
order by usual_volumes desc
limit 50
