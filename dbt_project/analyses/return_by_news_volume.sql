-- Do stocks move more on days with news? Mean absolute return, adjusted for splits, by number of stories.
select
    case
        when days.article_count = 0 then '0'
        when days.article_count = 1 then '1'
        when days.article_count <= 3 then '2 to 3'
        else '4 and more'
    end as stories,
    count(*) as stock_days,
    round(cast(100 * avg(abs(indicators.simple_return_1)) as numeric), 3) as mean_absolute_return_percent,
    round(cast(100 * avg(indicators.simple_return_1) as numeric), 3) as mean_return_percent
from {{ ref('mart_stock_days') }} as days
inner join {{ ref('fct_daily_indicators') }} as indicators
    on days.security_key = indicators.security_key and days.trading_date = indicators.trading_date
where indicators.simple_return_1 is not null
group by stories
order by min(days.article_count)
