{{
    config(
        indexes=[
            {'columns': ['security_key', 'article_key']},
            {'columns': ['effective_session_date']},
            {'columns': ['published_effective_session_date']},
        ]
    )
}}

with mentions as (
    select * from {{ ref('int_article_mentions__matched') }}
),

stories as (
    select * from {{ ref('int_articles__deduplicated') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
),

learned as (
    select
        mentions.*,
        stories.published_at,
        -- A clock of somebody else's may run ahead of ours: nothing was learned before it was published.
        greatest(stories.published_at, mentions.known_from) as learned_at
    from mentions
    inner join stories on mentions.article_key = stories.article_key
)

select
    learned.article_key,
    {{ security_key('learned.ticker') }} as security_key,
    learned.ticker,
    learned.is_from_provider,
    learned.is_from_cashtag,
    learned.sentiment_score,
    learned.relevance_score,
    learned.known_from,
    learned.learned_at,
    {{ first_session_closing_after('learned.learned_at', 'learned_days') }} as effective_session_date,
    {{ first_session_opening_after('learned.learned_at', 'learned_days') }} as reaction_session_date,
    {{ first_session_closing_after('learned.published_at', 'published_days') }} as published_effective_session_date
from learned
left join sessions as learned_days
    on learned_days.trading_date = {{ date_in_zone('learned.learned_at', 'America/New_York') }}
left join sessions as published_days
    on published_days.trading_date = {{ date_in_zone('learned.published_at', 'America/New_York') }}
