-- Without CTEs: PostgreSQL can then use the indexes of the tables where the view is joined to others. `render()` keeps
-- `dbt run --empty` from giving the tables aliases of its own.

select
    versions.copy_key,
    versions.version_number,
    stories.article_key,
    versions.publication_key,
    versions.provider,
    versions.title,
    versions.article_url as url,
    versions.outlet,
    versions.author,
    versions.summary,
    versions.sentiment_score,
    versions.published_at,
    versions.has_new_title,
    versions.has_new_text,
    versions.has_new_tickers,
    versions.first_received_at as copy_known_from,
    versions.known_from,
    versions.known_to,
    versions.known_to is null as is_current,
    greatest(versions._updated_at, stories._updated_at) as _updated_at
from {{ ref('int_articles__versioned').render() }} as versions
inner join {{ ref('int_articles__grouped').render() }} as stories on versions.copy_key = stories.copy_key
where not stories.is_deleted
