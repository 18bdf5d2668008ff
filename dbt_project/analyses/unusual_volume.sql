-- Which liquid stocks traded at least three times their usual volume?
select
    trading_date,
    ticker,
    close_price,
    volume,
    round(cast(volume / average_volume_20_sessions as numeric), 1) as times_usual_volume,
    round(cast(100 * one_day_return as numeric), 2) as return_percent,
    article_count
from {{ ref('mart_stock_days') }}
where
    average_volume_20_sessions >= 100000
    and volume >= 3 * average_volume_20_sessions
    and not is_suspect
order by trading_date desc, times_usual_volume desc
limit 50
