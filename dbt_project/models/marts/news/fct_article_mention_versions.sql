{{ config(indexes=[{'columns': ['article_key', 'known_from']}, {'columns': ['security_key', 'known_from']}]) }}

with mentions as (
    select * from {{ ref('int_article_mentions__versioned') }}
)

select
    copy_key,
    version_number,
    {{ security_key('ticker') }} as security_key,
    ticker,
    article_key,
    is_from_provider,
    is_from_cashtag,
    sentiment_score,
    relevance_score,
    known_from,
    known_to
from mentions
