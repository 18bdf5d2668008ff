{{ config(indexes=[{'columns': ['security_key', 'article_key']}]) }}

with mentions as (
    select * from {{ ref('int_article_mentions__matched') }}
)

select
    article_key,
    {{ security_key('ticker') }} as security_key,
    ticker,
    is_from_provider,
    is_from_cashtag,
    sentiment_score,
    relevance_score,
    known_from
from mentions
