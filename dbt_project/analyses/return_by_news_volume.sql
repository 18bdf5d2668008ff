-- Do stocks move more on days with news? Mean absolute return by number of stories.
select
    case
        when article_count = 0 then '0'
        when article_count = 1 then '1'
        when article_count <= 3 then '2 to 3'
        else '4 and more'
    end as stories,
    count(*) as stock_days,
    round(cast(100 * avg(abs(one_day_return)) as numeric), 3) as mean_absolute_return_percent,
    round(cast(100 * avg(one_day_return) as numeric), 3) as mean_return_percent
from {{ ref('mart_stock_days') }}
where one_day_return is not null and not is_suspect
group by stories
order by min(article_count)
