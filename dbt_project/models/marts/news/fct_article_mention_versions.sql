-- Without CTEs: PostgreSQL can then use the indexes of the tables where the view is joined to others. `render()` keeps
-- `dbt run --empty` from giving the tables aliases of its own.

select
    mentions.copy_key,
    mentions.version_number,
    mentions.security_key,
    mentions.ticker,
    stories.article_key,
    mentions.is_from_provider,
    mentions.is_from_cashtag,
    mentions.sentiment_score,
    mentions.relevance_score,
    mentions.known_from,
    mentions.known_to,
    greatest(mentions._updated_at, stories._updated_at) as _updated_at
from {{ ref('int_article_mentions__extracted').render() }} as mentions
inner join {{ ref('int_articles__grouped').render() }} as stories on mentions.copy_key = stories.copy_key
where mentions.is_valid and not mentions.is_deleted and not stories.is_deleted
