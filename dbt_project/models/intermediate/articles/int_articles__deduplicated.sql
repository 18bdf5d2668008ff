{{ config(indexes=[{'columns': ['article_key'], 'unique': true}]) }}

with copies as (
    select
        collected.*,
        grouped.article_key
    from {{ ref('int_articles__collected') }} as collected
    inner join {{ ref('int_articles__grouped') }} as grouped on collected.copy_key = grouped.copy_key
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
