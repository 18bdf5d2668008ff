-- Does sentiment predict the next return? Mean returns, adjusted for splits, by sentiment of the day's stories.
with days as (
    select
        days.mean_sentiment_score,
        indicators.simple_return_1 as one_day_return,
        lead(indicators.simple_return_1) over (
            partition by days.security_key order by days.trading_date
        ) as next_day_return
    from {{ ref('mart_stock_days') }} as days
    inner join {{ ref('fct_daily_indicators') }} as indicators
        on days.security_key = indicators.security_key and days.trading_date = indicators.trading_date
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
