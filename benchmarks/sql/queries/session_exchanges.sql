-- one: Returns and dollars traded by exchange and type of security on a session.
select
    securities.exchange_mic,
    securities.security_type,
    count(*) as stocks,
    avg(days.one_day_return) as mean_return,
    sum(days.close_price * days.volume) as dollars_traded
from marts.mart_stock_days as days
inner join marts.dim_securities as securities on days.security_key = securities.security_key
where days.trading_date = %(session)s
group by securities.exchange_mic, securities.security_type
order by dollars_traded desc
