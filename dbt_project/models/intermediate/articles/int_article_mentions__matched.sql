{{ config(indexes=[{'columns': ['article_key', 'ticker'], 'unique': true}]) }}

with mentions as (
    select * from {{ ref('int_article_mentions__versioned') }}
),

first_mentions as (
    select
        article_key,
        ticker,
        min(known_from) as known_from
    from mentions
    group by article_key, ticker
),

current_mentions as (
    select
        article_key,
        ticker,
        {{ dbt.bool_or("is_from_provider") }} as is_from_provider,
        {{ dbt.bool_or("is_from_cashtag") }} as is_from_cashtag,
        {{ exact_average('sentiment_score') }} as sentiment_score,
        max(relevance_score) as relevance_score
    from mentions
    where known_to is null
    group by article_key, ticker
)

select
    current_mentions.article_key,
    current_mentions.ticker,
    current_mentions.is_from_provider,
    current_mentions.is_from_cashtag,
    current_mentions.sentiment_score,
    current_mentions.relevance_score,
    first_mentions.known_from
from current_mentions
inner join first_mentions
    on current_mentions.article_key = first_mentions.article_key and current_mentions.ticker = first_mentions.ticker
