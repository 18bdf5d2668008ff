{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key=['article_key', 'ticker'],
        contract={'enforced': true},
        indexes=[{'columns': ['article_key', 'ticker'], 'unique': true}, {'columns': ['ticker']}],
        pre_hook="{{ forget_outdated_stories() }}",
        post_hook="{{ note_stories_as_told() }}",
    )
}}

with mentions as (
    select * from {{ ref('int_article_mentions__versioned') }}
    where {{ is_outdated('article_key') }}
),

matched as (
    select
        article_key,
        ticker,
        {{ dbt.bool_or("known_to is null") }} as is_current,
        {{ dbt.bool_or("known_to is null and is_from_provider") }} as is_from_provider,
        {{ dbt.bool_or("known_to is null and is_from_cashtag") }} as is_from_cashtag,
        {{ exact_average('case when known_to is null then sentiment_score end') }} as sentiment_score,
        max(case when known_to is null then relevance_score end) as relevance_score,
        min(known_from) as known_from
    from mentions
    group by article_key, ticker
)

select
    article_key,
    ticker,
    is_from_provider,
    is_from_cashtag,
    sentiment_score,
    relevance_score,
    known_from
from matched
-- What was mentioned in words that have gone since is no mention now.
where is_current
