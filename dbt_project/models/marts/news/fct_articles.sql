{{
    config(
        indexes=[{'columns': ['published_at']}, {'columns': ['session_date']}],
        post_hook="{{ create_articles_as_of() }}",
    )
}}

with stories as (
    select * from {{ ref('int_articles__deduplicated') }}
),

mentions as (
    select * from {{ ref('int_article_mentions__matched') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
),

told as (
    {{ told_articles('stories', 'mentions', 'sessions') }}
)

select
    article_key,
    title,
    url,
    outlet,
    author,
    summary,
    source,
    published_at,
    session_date,
    known_from,
    copy_count,
    provider_count,
    mention_count,
    sentiment_score
from told
