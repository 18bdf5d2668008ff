with known_copies as (
    select * from {{ ref('fct_article_versions') }}
    where {{ is_known_at('as_of') }}
),

known_mentions as (
    select * from {{ ref('fct_article_mention_versions') }}
    where {{ is_known_at('as_of') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
),

stories as (
    {{ merge_copies('known_copies') | indent(4) }}
),

tickers as (
    select
        article_key,
        security_key,
        ticker,
        {{ exact_average('sentiment_score') }} as sentiment_score
    from known_mentions
    group by article_key, security_key, ticker
),

securities as (
    select
        article_key,
        security_key,
        {{ exact_average('sentiment_score') }} as sentiment_score
    from tickers
    group by article_key, security_key
),

mentioned as (
    select
        article_key,
        count(*) as mention_count,
        {{ exact_average('sentiment_score') }} as sentiment_score
    from securities
    group by article_key
)

select
    stories.article_key,
    stories.title,
    stories.url,
    stories.outlet,
    stories.author,
    stories.summary,
    stories.source,
    stories.published_at,
    sessions.session_on_or_after_date as session_date,
    stories.known_from,
    stories.copy_count,
    stories.provider_count,
    cast(coalesce(mentioned.mention_count, 0) as {{ dbt.type_int() }}) as mention_count,
    -- A provider scores the whole article, or the securities in it.
    coalesce(stories.sentiment_score, mentioned.sentiment_score) as sentiment_score
from stories
left join mentioned on stories.article_key = mentioned.article_key
left join sessions
    on sessions.trading_date = {{ date_in_zone('stories.published_at', 'America/New_York') }}
