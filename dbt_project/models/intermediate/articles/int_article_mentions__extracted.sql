{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['copy_key', 'version_number', 'ticker'],
        indexes=[
            {'columns': ['copy_key', 'version_number', 'ticker'], 'unique': true},
            {'columns': ['ticker']},
            {'columns': ['security_key', 'known_from']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- A cashtag is a mention where somebody lists its ticker, and not before: "$USD" and "$CASH" are words, not
-- securities. A ticker that the provider names needs no other list.

{%- set only_updates = reads_only_updates([
    ref('int_articles__versioned'), ref('int_tickers__known'), ref('int_tickers__assigned')
]) %}
{%- set cashtag_pattern = '(?:^|[^A-Za-z0-9$])[$]([A-Z]{1,5}(?:[.][A-Z])?)(?![A-Za-z0-9])' %}

with {% if only_updates -%}
updated_tickers as (
    select ticker from {{ ref('int_tickers__known') }}
    where {{ is_updated() }}
),

reassigned as (
    select ticker from {{ ref('int_tickers__assigned') }}
    where is_exception and {{ is_updated() }}
),

changed as (
    select copy_key from {{ ref('int_articles__versioned') }}
    where {{ is_updated() }}
    union
    select copy_key from {{ this }}
    where not is_from_provider and {{ in_array('ticker', 'select updated_tickers.ticker from updated_tickers') }}
    union
    select copy_key from {{ this }}
    where {{ in_array('ticker', 'select reassigned.ticker from reassigned') }}
),

built as (
    select * from {{ this }}
    where {{ in_array('copy_key', 'select changed.copy_key from changed') }}
),

{% endif -%}
known_tickers as (
    select
        ticker,
        min(known_from) as known_from
    from {{ ref('int_tickers__known') }}
    group by ticker
),

assigned as (
    select * from {{ ref('int_tickers__assigned') }}
    where is_exception and not is_deleted
),

versions as (
    select
        copy_key,
        version_number,
        title,
        tickers_json,
        ticker_sentiments_json,
        {{ date_in_zone('published_at', 'America/New_York') }} as published_date,
        known_from,
        known_to
    from {{ ref('int_articles__versioned') }}
    {%- if only_updates %}
    where {{ in_array('copy_key', 'select changed.copy_key from changed') }}
    {%- endif %}
),

listed as (
    select
        versions.copy_key,
        versions.version_number,
        {{ json_text('listed.element') }} as provider_ticker,
        cast(null as {{ type_double() }}) as sentiment_score,
        cast(null as {{ type_double() }}) as relevance_score
    from versions
    {{ unnest_json_array('versions.tickers_json', 'listed') }}
),

scored as (
    select
        versions.copy_key,
        versions.version_number,
        {{ json_text('scored.element', 'ticker') }} as provider_ticker,
        coalesce(
            {{ score_of(json_text('scored.element', 'ticker_sentiment_score')) }},
            case {{ json_text('scored.element', 'sentiment') }}
                when 'positive' then 1
                when 'neutral' then 0
                when 'negative' then -1
            end
        ) as sentiment_score,
        {{ score_of(json_text('scored.element', 'relevance_score')) }} as relevance_score
    from versions
    {{ unnest_json_array('versions.ticker_sentiments_json', 'scored') }}
),

named_by_provider as (
    select * from listed
    union all
    select * from scored
),

candidates as (
    select
        copy_key,
        version_number,
        {{ normalised_ticker('provider_ticker') }} as ticker,
        sentiment_score,
        relevance_score,
        true as is_from_provider
    from named_by_provider
    where {{ is_stock_ticker('provider_ticker') }}
    union all
    select
        versions.copy_key,
        versions.version_number,
        cashtags.match as ticker,
        cast(null as {{ type_double() }}) as sentiment_score,
        cast(null as {{ type_double() }}) as relevance_score,
        false as is_from_provider
    from versions
    {{ unnest_regexp_matches('versions.title', cashtag_pattern, 'cashtags') }}
),

mentions as (
    select
        copy_key,
        version_number,
        ticker,
        {{ dbt.bool_or("is_from_provider") }} as is_from_provider,
        {{ dbt.bool_or("not is_from_provider") }} as is_from_cashtag,
        {{ exact_average('sentiment_score') }} as sentiment_score,
        max(relevance_score) as relevance_score
    from candidates
    group by copy_key, version_number, ticker
),

extracted as (
    select
        mentions.copy_key,
        mentions.version_number,
        mentions.ticker,
        {{ security_key('mentions.ticker', 'assigned') }} as security_key,
        mentions.is_from_provider,
        mentions.is_from_cashtag,
        mentions.sentiment_score,
        mentions.relevance_score,
        case
            when mentions.is_from_provider then true
            when known_tickers.ticker is null then false
            -- A ticker that was listed only after the title had changed was never mentioned.
            else versions.known_to is null or known_tickers.known_from < versions.known_to
        end as is_valid,
        case
            when mentions.is_from_provider then versions.known_from
            else greatest(versions.known_from, known_tickers.known_from)
        end as known_from,
        versions.known_to
    from mentions
    inner join versions
        on mentions.copy_key = versions.copy_key and mentions.version_number = versions.version_number
    left join known_tickers on mentions.ticker = known_tickers.ticker
    left join assigned on {{ is_assigned_on('assigned', 'mentions.ticker', 'versions.published_date') | indent(8) }}
)

{{ changed_rows('extracted', key=['copy_key', 'version_number', 'ticker'], built='built' if only_updates else none) }}
