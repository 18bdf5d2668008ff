-- Does today's sentiment predict tomorrow's return? Mean returns by sentiment of the day's stories.
with days as (
    select
        ticker,
        trading_date,
        mean_sentiment_score,
        one_day_return,
        lead(one_day_return) over (partition by security_key order by trading_date) as next_day_return
    from {{ ref('mart_stock_days') }}
)

select
    case
        when mean_sentiment_score <= -0.15 then '1 negative'
        when mean_sentiment_score < 0.15 then '2 neutral'
        when mean_sentiment_score >= 0.15 then '3 positive'
        else '4 no scored story'
    end as tone,
    count(*) as stock_days,
    round(cast(100 * avg(one_day_return) as numeric), 3) as same_day_return_percent,
    round(cast(100 * avg(next_day_return) as numeric), 3) as next_day_return_percent
from days
group by tone
order by tone
