{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key=['copy_key', 'version_number', 'ticker'],
        contract={'enforced': true},
        indexes=[{'columns': ['copy_key', 'version_number', 'ticker'], 'unique': true}, {'columns': ['ticker']}],
        pre_hook="{{ forget_outdated_stories('copy_key') }}",
        post_hook=["{{ note_stories_as_told() }}", "{{ note_stories_of_newly_known_tickers() }}"],
    )
}}

{%- set cashtag_pattern = '(?:^|[^A-Za-z0-9$])[$]([A-Z]{1,5}(?:[.][A-Z])?)(?![A-Za-z0-9])' -%}

-- Reads the words once. Whether a cashtag means a security is not for the words to say (see
-- int_article_mentions__versioned).

with copies as (
    select * from {{ ref('int_articles__grouped') }}
    where {{ is_outdated('copy_key') }}
),

versions as (
    select versioned.* from {{ ref('int_articles__versioned') }} as versioned
    inner join copies on versioned.copy_key = copies.copy_key
),

listed as (
    select
        versions.copy_key,
        versions.version_number,
        versions.known_from,
        versions.known_to,
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
        versions.known_from,
        versions.known_to,
        {{ json_text('scored.element', 'ticker') }} as provider_ticker,
        coalesce(
            cast({{ json_text('scored.element', 'ticker_sentiment_score') }} as {{ type_double() }}),
            case {{ json_text('scored.element', 'sentiment') }}
                when 'positive' then 1
                when 'neutral' then 0
                when 'negative' then -1
            end
        ) as sentiment_score,
        cast({{ json_text('scored.element', 'relevance_score') }} as {{ type_double() }}) as relevance_score
    from versions
    {{ unnest_json_array('versions.ticker_sentiments_json', 'scored') }}
),

named_by_provider as (
    select * from listed
    union all
    select * from scored
),

by_provider as (
    select
        copy_key,
        version_number,
        known_from,
        known_to,
        {{ normalised_ticker('provider_ticker') }} as ticker,
        sentiment_score,
        relevance_score,
        true as is_from_provider
    from named_by_provider
    where {{ is_stock_ticker('provider_ticker') }}
),

cashtags as (
    select
        versions.copy_key,
        versions.version_number,
        versions.known_from,
        versions.known_to,
        cashtags.match as ticker,
        cast(null as {{ type_double() }}) as sentiment_score,
        cast(null as {{ type_double() }}) as relevance_score,
        false as is_from_provider
    from versions
    {{ unnest_regexp_matches('versions.title', cashtag_pattern, 'cashtags') }}
),

mentions as (
    select * from by_provider
    union all
    select * from cashtags
)

select
    copy_key,
    version_number,
    ticker,
    {{ dbt.bool_or("is_from_provider") }} as is_from_provider,
    {{ dbt.bool_or("not is_from_provider") }} as is_from_cashtag,
    {{ exact_average('sentiment_score') }} as sentiment_score,
    max(relevance_score) as relevance_score,
    -- Alike in all rows of a version.
    min(known_from) as known_from,
    min(known_to) as known_to
from mentions
group by copy_key, version_number, ticker
