{{ config(materialized='view', meta={'rows_of': 'int_articles__versioned'}) }}

-- In one step: PostgreSQL reaches an index through a view only if the view has no steps of its own.

select
    copy_key,
    publication_key,
    provider,
    title,
    normalised_title,
    article_url,
    canonical_url,
    outlet,
    author,
    summary,
    tickers_json,
    ticker_sentiments_json,
    sentiment_score,
    published_at,
    published_date,
    first_received_at,
    last_received_at
from {{ ref('int_articles__versioned') }}
where known_to is null
