{{ config(indexes=[{'columns': ['security_key', 'trading_date'], 'unique': true}]) }}

with articles as (
    select * from {{ ref('fct_articles') }}
),

mentions as (
    select * from {{ ref('bridge_article_securities') }}
),

scored as (
    select
        mentions.*,
        coalesce(mentions.sentiment_score, articles.sentiment_score) as score
    from mentions
    inner join articles on mentions.article_key = articles.article_key
),

published_days as (
    select
        security_key,
        published_effective_session_date as trading_date,
        count(*) as article_count,
        {{ exact_average('score') }} as mean_sentiment_score
    from scored
    where published_effective_session_date is not null
    group by security_key, published_effective_session_date
),

known_days as (
    select
        security_key,
        effective_session_date as trading_date,
        count(*) as article_count,
        {{ exact_average('score') }} as mean_sentiment_score
    from scored
    where effective_session_date is not null
    group by security_key, effective_session_date
)

select
    coalesce(published_days.security_key, known_days.security_key) as security_key,
    coalesce(published_days.trading_date, known_days.trading_date) as trading_date,
    cast(coalesce(published_days.article_count, 0) as {{ dbt.type_int() }}) as article_count,
    published_days.mean_sentiment_score,
    cast(coalesce(known_days.article_count, 0) as {{ dbt.type_int() }}) as known_article_count,
    known_days.mean_sentiment_score as known_mean_sentiment_score
from published_days
full outer join known_days
    on
        published_days.security_key = known_days.security_key
        and published_days.trading_date = known_days.trading_date
