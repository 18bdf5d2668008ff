-- What follows news on which one could act? Mean abnormal return after positive, neutral and negative stories, from the
-- first close after we learned of them. Companies delisted since are included. The t statistic treats all events of a
-- session as one, since they move together.
with events as (
    select
        effective_session_date,
        case
            when sentiment_score <= -0.15 then '1 negative'
            when sentiment_score < 0.15 then '2 neutral'
            when sentiment_score >= 0.15 then '3 positive'
            else '4 not scored'
        end as tone,
        abnormal_return_1_sessions,
        abnormal_return_5_sessions,
        abnormal_return_20_sessions
    from {{ ref('fct_article_reactions') }}
    where effective_session_date is not null
),

session_means as (
    select
        tone,
        effective_session_date,
        count(*) as event_count,
        avg(abnormal_return_1_sessions) as abnormal_return_1,
        avg(abnormal_return_5_sessions) as abnormal_return_5,
        avg(abnormal_return_20_sessions) as abnormal_return_20
    from events
    group by tone, effective_session_date
)

select
    tone,
    sum(event_count) as events,
    count(*) as sessions,
    round(cast(100 * avg(abnormal_return_1) as numeric), 3) as after_1_session_percent,
    round(cast(100 * avg(abnormal_return_5) as numeric), 3) as after_5_sessions_percent,
    round(cast(100 * avg(abnormal_return_20) as numeric), 3) as after_20_sessions_percent,
    round(
        cast(
            avg(abnormal_return_1) / nullif(stddev_samp(abnormal_return_1) / sqrt(count(abnormal_return_1)), 0)
            as numeric
        ), 2
    ) as t_after_1_session
from session_means
group by tone
order by tone
