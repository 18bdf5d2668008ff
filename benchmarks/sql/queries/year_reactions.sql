-- year: Event study of all stories: what followed, by the number of sessions.
select
    date_trunc('month', published_effective_session_date) as month,
    count(*) as events,
    avg(published_abnormal_return_1_sessions) as after_1_session,
    avg(published_abnormal_return_5_sessions) as after_5_sessions,
    avg(published_abnormal_return_20_sessions) as after_20_sessions
from marts.fct_article_reactions
where published_effective_session_date between %(year_before)s and %(session)s
group by 1
order by 1
