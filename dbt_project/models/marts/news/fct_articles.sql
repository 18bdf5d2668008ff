-- Without CTEs: PostgreSQL can then use the indexes of the tables where the view is joined to others. `render()` keeps
-- `dbt run --empty` from giving the tables aliases of its own.

select
    articles.article_key,
    articles.title,
    articles.url,
    articles.outlet,
    articles.author,
    articles.summary,
    articles.source,
    articles.published_at,
    sessions.session_on_or_after_date as session_date,
    articles.known_from,
    articles.copy_count,
    articles.provider_count,
    articles.mention_count,
    articles.sentiment_score,
    greatest(articles._updated_at, sessions._updated_at) as _updated_at
from {{ ref('int_articles__deduplicated').render() }} as articles
left join {{ ref('int_sessions__numbered').render() }} as sessions
    on
        sessions.trading_date = {{ date_in_zone('articles.published_at', 'America/New_York') }}
        and not sessions.is_deleted
where not articles.is_deleted
