-- one: What moved most on a session, by name and with its news.
select days.ticker, securities.security_name, days.close_price, days.one_day_return, days.article_count
from marts.mart_stock_days as days
inner join marts.dim_securities as securities on days.security_key = securities.security_key
where days.trading_date = %(session)s and days.one_day_return is not null and not days.is_suspect
order by abs(days.one_day_return) desc
limit 20
