-- one: Event study of one security: what followed the stories about it.
select
    count(*) as events,
    avg(reactions.published_abnormal_return_1_sessions) as after_1_session,
    avg(reactions.published_abnormal_return_5_sessions) as after_5_sessions,
    avg(reactions.published_abnormal_return_20_sessions) as after_20_sessions
from marts.dim_securities as securities
inner join marts.fct_article_reactions as reactions on securities.security_key = reactions.security_key
where securities.ticker = %(ticker)s
