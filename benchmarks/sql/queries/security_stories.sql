-- one: The latest stories about a security.
select articles.published_at, articles.title, articles.copy_count, bridge.published_effective_session_date
from marts.dim_securities as securities
inner join marts.bridge_article_securities as bridge on securities.security_key = bridge.security_key
inner join marts.fct_articles as articles on bridge.article_key = articles.article_key
where securities.ticker = %(ticker)s
order by articles.published_at desc
limit 50
