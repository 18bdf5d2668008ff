{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key=['article_key', 'security_key'],
        indexes=[
            {'columns': ['security_key', 'effective_session_date']},
            {'columns': ['security_key', 'published_effective_session_date']},
            {'columns': ['effective_session_date']},
            {'columns': ['published_effective_session_date']},
            {'columns': ['learned_at']},
        ],
        pre_hook=[
            "{{ note_stories_of_changed_sessions([
                (ref('int_articles__deduplicated'), 'published_at'), (this, 'learned_at')
            ]) }}",
            "{{ note_stories_of_rekeyed_tickers() }}",
            "{{ number_changes() }}",
            "{{ touch_news_days_to_forget() }}",
            "{{ forget_outdated_stories() }}",
        ],
        post_hook=[
            "{{ touch_news_days() }}",
            "{{ note_stories_as_told() }}",
            "{{ note_applied_sessions() }}",
            "{{ note_applied_bearers() }}",
        ],
    )
}}

with mentions as (
    select * from {{ ref('int_article_mentions__matched') }}
    where {{ is_outdated('article_key') }}
),

stories as (
    select * from {{ ref('int_articles__deduplicated') }}
    where {{ is_outdated('article_key') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
),

bearers as (
    select * from {{ ref('int_tickers__borne') }}
    where is_exception
),

keyed as (
    select
        mentions.*,
        stories.published_at,
        {{ security_key('mentions.ticker', 'bearers') }} as security_key,
        row_number() over (
            partition by mentions.article_key, {{ security_key('mentions.ticker', 'bearers') }}
            -- A story may name a company by several of its tickers: the last that it had taken by then stands for all.
            order by
                case
                    when bearers.taken_date > {{ date_in_zone('stories.published_at', 'America/New_York') }} then 1
                    else 0
                end asc,
                bearers.ticker_number desc
        ) as ticker_place
    from mentions
    inner join stories on mentions.article_key = stories.article_key
    left join bearers
        on {{
            bore_on('bearers', 'mentions.ticker', date_in_zone('stories.published_at', 'America/New_York'))
            | indent(12)
        }}
),

gathered as (
    select
        article_key,
        security_key,
        published_at,
        max(case when ticker_place = 1 then ticker end) as ticker,
        {{ dbt.bool_or('is_from_provider') }} as is_from_provider,
        {{ dbt.bool_or('is_from_cashtag') }} as is_from_cashtag,
        {{ exact_average('sentiment_score') }} as sentiment_score,
        max(relevance_score) as relevance_score,
        min(known_from) as known_from
    from keyed
    group by article_key, security_key, published_at
),

learned as (
    select
        *,
        -- A clock of somebody else's may run ahead of ours: nothing was learned before it was published.
        greatest(published_at, known_from) as learned_at
    from gathered
)

select
    learned.article_key,
    learned.security_key,
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
