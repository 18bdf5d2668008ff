{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='mention_key',
        indexes=[
            {'columns': ['mention_key'], 'unique': true},
            {'columns': ['article_key', 'security_key']},
            {'columns': ['security_key', 'effective_session_date']},
            {'columns': ['security_key', 'published_effective_session_date']},
            {'columns': ['effective_session_date']},
            {'columns': ['published_effective_session_date']},
            {'columns': ['learned_date']},
            {'columns': ['published_date']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- The key includes the sessions: a mention that moves to another session leaves a deleted row at the former one, from
-- which int_news_days__measured learns that it has to count that day again.

{%- set only_updates = reads_only_updates([
    ref('int_articles__versioned'), ref('int_articles__grouped'), ref('int_article_mentions__extracted'),
    ref('int_tickers__assigned'), ref('int_sessions__numbered')
]) %}

with {% if only_updates -%}
updated_dates as (
    select trading_date from {{ ref('int_sessions__numbered') }}
    where {{ is_updated() }}
),

reassigned as (
    select ticker from {{ ref('int_tickers__assigned') }}
    where is_exception and {{ is_updated() }}
),

updated_copies as (
    select copy_key from {{ ref('int_articles__versioned') }}
    where {{ is_updated() }}
    union
    select copy_key from {{ ref('int_article_mentions__extracted') }}
    where {{ is_updated() }}
    union
    select copy_key from {{ ref('int_article_mentions__extracted') }}
    where {{ in_array('ticker', 'select reassigned.ticker from reassigned') }}
),

changed as (
    select article_key from {{ ref('int_articles__grouped') }}
    where {{ is_updated() }}
    union
    select article_key from {{ ref('int_articles__grouped') }}
    where {{ in_array('copy_key', 'select updated_copies.copy_key from updated_copies') }}
    union
    select article_key from {{ this }}
    where {{ in_array('published_date', 'select updated_dates.trading_date from updated_dates') }}
    union
    select article_key from {{ this }}
    where {{ in_array('learned_date', 'select updated_dates.trading_date from updated_dates') }}
),

built as (
    select * from {{ this }}
    where {{ in_array('article_key', 'select changed.article_key from changed') }}
),

{% endif -%}
stories as (
    select * from {{ ref('int_articles__grouped') }}
    where
        not is_deleted
        {%- if only_updates %}
        and {{ in_array('article_key', 'select changed.article_key from changed') }}
        {%- endif %}
),

versions as (
    select * from {{ ref('int_articles__versioned') }}
    where known_to is null
),

mentions as (
    select * from {{ ref('int_article_mentions__extracted') }}
    where is_valid and not is_deleted
),

assigned as (
    select * from {{ ref('int_tickers__assigned') }}
    where is_exception and not is_deleted
),

sessions as (
    select * from {{ ref('int_sessions__numbered') }}
    where not is_deleted
),

published as (
    select
        stories.article_key,
        min(versions.published_at) as published_at,
        {{ date_in_zone('min(versions.published_at)', 'America/New_York') }} as published_date
    from stories
    inner join versions on stories.copy_key = versions.copy_key
    group by stories.article_key
),

tickers as (
    select
        stories.article_key,
        mentions.ticker,
        {{ dbt.bool_or("mentions.known_to is null and mentions.is_from_provider") }} as is_from_provider,
        {{ dbt.bool_or("mentions.known_to is null and mentions.is_from_cashtag") }} as is_from_cashtag,
        {{ exact_average('case when mentions.known_to is null then mentions.sentiment_score end') }}
            as sentiment_score,
        max(case when mentions.known_to is null then mentions.relevance_score end) as relevance_score,
        min(mentions.known_from) as known_from
    from stories
    inner join mentions on stories.copy_key = mentions.copy_key
    group by stories.article_key, mentions.ticker
    -- What only earlier versions mention is no mention now.
    having {{ dbt.bool_or("mentions.known_to is null") }}
),

keyed as (
    select
        tickers.*,
        published.published_at,
        published.published_date,
        {{ security_key('tickers.ticker', 'assigned') }} as security_key,
        assigned.taken_date > published.published_date as is_later_ticker,
        assigned.ticker_number
    from tickers
    inner join published on tickers.article_key = published.article_key
    left join assigned on {{ is_assigned_on('assigned', 'tickers.ticker', 'published.published_date') | indent(8) }}
),

ranked as (
    select
        *,
        -- A story can name a company by several of its tickers: the last one that it had taken by then is shown.
        row_number() over (
            partition by article_key, security_key
            order by case when is_later_ticker then 1 else 0 end, ticker_number desc
        ) as ticker_rank
    from keyed
),

securities as (
    select
        article_key,
        security_key,
        published_at,
        published_date,
        max(case when ticker_rank = 1 then ticker end) as ticker,
        {{ dbt.bool_or('is_from_provider') }} as is_from_provider,
        {{ dbt.bool_or('is_from_cashtag') }} as is_from_cashtag,
        {{ exact_average('sentiment_score') }} as sentiment_score,
        max(relevance_score) as relevance_score,
        min(known_from) as known_from
    from ranked
    group by article_key, security_key, published_at, published_date
),

learned as (
    select
        *,
        -- The clock of a publisher can run ahead of ours: nothing is learned before it is published.
        greatest(published_at, known_from) as learned_at,
        {{ date_in_zone('greatest(published_at, known_from)', 'America/New_York') }} as learned_date
    from securities
),

in_sessions as (
    select
        learned.*,
        {{ first_session_closing_after('learned.learned_at', 'learned_days') }} as effective_session_date,
        {{ first_session_opening_after('learned.learned_at', 'learned_days') }} as reaction_session_date,
        {{ first_session_closing_after('learned.published_at', 'published_days') }} as published_effective_session_date
    from learned
    left join sessions as learned_days on learned.learned_date = learned_days.trading_date
    left join sessions as published_days on learned.published_date = published_days.trading_date
),

matched as (
    select
        {{
            hash_of(['article_key', 'security_key', 'effective_session_date', 'published_effective_session_date'])
        }} as mention_key,
        article_key,
        security_key,
        ticker,
        is_from_provider,
        is_from_cashtag,
        sentiment_score,
        relevance_score,
        known_from,
        learned_at,
        published_date,
        learned_date,
        effective_session_date,
        reaction_session_date,
        published_effective_session_date
    from in_sessions
)

{{ changed_rows('matched', key=['mention_key'], built='built' if only_updates else none) }}
