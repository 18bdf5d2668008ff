{{ config(indexes=[{'columns': ['article_key'], 'unique': true}]) }}

with copies as (
    select * from {{ ref('int_articles__collected') }}
),

stories as (
    select * from {{ ref('int_articles__grouped') }}
),

numbered as (
    select
        stories.article_key,
        copies.*,
        -- Several outlets and providers carry a story: the copy published first speaks for it.
        row_number() over (
            partition by stories.article_key
            order by copies.published_at, copies.first_received_at, copies.copy_key
        ) as copy_number
    from copies
    inner join stories on copies.copy_key = stories.copy_key
),

counted as (
    select
        article_key,
        min(first_received_at) as known_from,
        count(distinct publication_key) as copy_count,
        count(distinct provider) as provider_count,
        avg(sentiment_score) as sentiment_score
    from numbered
    group by article_key
)

select
    counted.article_key,
    first_copies.title,
    first_copies.article_url,
    first_copies.canonical_url,
    first_copies.outlet,
    first_copies.author,
    first_copies.summary,
    first_copies.provider as first_provider,
    first_copies.published_at,
    counted.known_from,
    counted.copy_count,
    counted.provider_count,
    counted.sentiment_score
from counted
inner join numbered as first_copies on counted.article_key = first_copies.article_key and first_copies.copy_number = 1
