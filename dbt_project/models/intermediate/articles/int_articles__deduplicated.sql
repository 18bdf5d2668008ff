{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='article_key',
        contract={'enforced': true},
        indexes=[{'columns': ['article_key'], 'unique': true}, {'columns': ['published_at']}],
        pre_hook="{{ forget_outdated_stories() }}",
        post_hook="{{ note_stories_as_told() }}",
    )
}}

with stories as (
    select * from {{ ref('int_articles__grouped') }}
    where {{ is_outdated('article_key') }}
),

copies as (
    select
        collected.*,
        stories.article_key
    from {{ ref('int_articles__collected') }} as collected
    inner join stories on collected.copy_key = stories.copy_key
),

told as (
    {{ told_stories('copies') }}
)

select
    article_key,
    title,
    article_url,
    outlet,
    author,
    summary,
    first_provider,
    published_at,
    known_from,
    copy_count,
    provider_count,
    sentiment_score
from told
