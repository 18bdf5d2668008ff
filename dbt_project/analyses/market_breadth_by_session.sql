-- How did the whole market do? Advancers, decliners, median return and dollars traded by session.
select
    trading_date,
    count(*) as stocks,
    sum(case when one_day_return > 0 then 1 else 0 end) as advancers,
    sum(case when one_day_return < 0 then 1 else 0 end) as decliners,
    round(cast(100 * {{ median('one_day_return') }} as numeric), 3) as median_return_percent,
    round(cast(sum(close_price * volume) / 1e9 as numeric), 2) as dollars_traded_billions
from {{ ref('mart_stock_days') }}
where one_day_return is not null and not is_suspect
group by trading_date
order by trading_date desc
