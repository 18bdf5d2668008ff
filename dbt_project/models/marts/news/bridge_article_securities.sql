-- Without CTEs: PostgreSQL can then use the indexes of the table where the view is joined to others.

select
    article_key,
    security_key,
    ticker,
    is_from_provider,
    is_from_cashtag,
    sentiment_score,
    relevance_score,
    known_from,
    learned_at,
    effective_session_date,
    reaction_session_date,
    published_effective_session_date,
    _updated_at
from {{ ref('int_article_securities__matched') }}
where not is_deleted
