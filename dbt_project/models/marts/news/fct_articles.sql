{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='article_key',
        indexes=[{'columns': ['published_at']}, {'columns': ['session_date']}],
        pre_hook=[
            "{{ note_stories_of_changed_sessions([(this, 'published_at')]) }}",
            "{{ forget_outdated_stories() }}",
        ],
        post_hook=["{{ note_stories_as_told() }}", "{{ note_applied_sessions() }}", "{{ create_articles_as_of() }}"],
    )
}}

with stories as (
    select * from {{ ref('int_articles__deduplicated') }}
    where {{ is_outdated('article_key') }}
),

mentions as (
    select * from {{ ref('int_article_mentions__matched') }}
    where {{ is_outdated('article_key') }}
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
