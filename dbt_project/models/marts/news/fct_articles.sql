{{ config(indexes=[{'columns': ['published_at']}, {'columns': ['session_date']}]) }}

with stories as (
    select * from {{ ref('int_articles__deduplicated') }}
),

mentions as (
    select * from {{ ref('int_article_mentions__matched') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
),

mentioned as (
    select
        article_key,
        count(*) as mention_count,
        avg(sentiment_score) as sentiment_score
    from mentions
    group by article_key
)

select
    stories.article_key,
    stories.title,
    stories.article_url as url,
    stories.outlet,
    stories.author,
    stories.summary,
    stories.first_provider as source,
    stories.published_at,
    sessions.session_on_or_after_date as session_date,
    stories.known_from,
    cast(stories.copy_count as {{ dbt.type_int() }}) as copy_count,
    cast(stories.provider_count as {{ dbt.type_int() }}) as provider_count,
    cast(coalesce(mentioned.mention_count, 0) as {{ dbt.type_int() }}) as mention_count,
    -- A provider scores the whole article, or the securities in it.
    coalesce(stories.sentiment_score, mentioned.sentiment_score) as sentiment_score
from stories
left join mentioned on stories.article_key = mentioned.article_key
left join sessions on sessions.trading_date = {{ date_in_zone('stories.published_at', 'America/New_York') }}
