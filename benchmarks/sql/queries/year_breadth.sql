-- year: Advancers, decliners and dollars traded, session by session.
select
    trading_date,
    count(*) filter (where one_day_return > 0) as advancers,
    count(*) filter (where one_day_return < 0) as decliners,
    sum(close_price * volume) as dollars_traded
from marts.mart_stock_days
where trading_date between %(year_before)s and %(session)s
group by trading_date
order by trading_date
