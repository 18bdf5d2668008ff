{{ config(indexes=[{'columns': ['copy_key', 'version_number', 'ticker'], 'unique': true}]) }}

{%- set cashtag_pattern = '(?:^|[^A-Za-z0-9$])[$]([A-Z]{1,5}(?:[.][A-Z])?)(?![A-Za-z0-9])' -%}

-- A cashtag counts only where somebody lists the ticker, and not before somebody did.

with versions as (
    select * from {{ ref('int_articles__versioned') }}
),

stories as (
    select * from {{ ref('int_articles__grouped') }}
),

listed_tickers as (
    select * from {{ ref('int_tickers__known') }}
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
        {{ normalised_ticker('provider_ticker') }} as ticker,
        sentiment_score,
        relevance_score,
        true as is_from_provider
    from named_by_provider
    -- A prefix marks what is not a stock: CRYPTO:BTC and FOREX:USD at Alpha Vantage, X:BTCUSD at Polygon.
    where provider_ticker not like '%:%' and trim(provider_ticker) != ''
),

known_tickers as (
    select
        ticker,
        min(known_from) as known_from
    from (
        select
            ticker,
            known_from
        from listed_tickers
        union all
        select
            by_provider.ticker,
            versions.known_from
        from by_provider
        inner join versions
            on by_provider.copy_key = versions.copy_key and by_provider.version_number = versions.version_number
    ) as tickers
    group by ticker
),

cashtags as (
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

by_cashtag as (
    -- Only tickers that somebody lists: "$USD" and "$CASH" are words, not securities.
    select
        cashtags.*,
        known_tickers.known_from as ticker_known_from
    from cashtags
    inner join known_tickers on cashtags.ticker = known_tickers.ticker
),

mentions as (
    select
        *,
        cast(null as {{ type_timestamp_tz() }}) as ticker_known_from
    from by_provider
    union all
    select * from by_cashtag
),

dated as (
    select
        mentions.*,
        versions.known_to,
        greatest(versions.known_from, coalesce(mentions.ticker_known_from, versions.known_from)) as known_from
    from mentions
    inner join versions
        on mentions.copy_key = versions.copy_key and mentions.version_number = versions.version_number
)

select
    stories.article_key,
    dated.copy_key,
    dated.version_number,
    dated.ticker,
    {{ dbt.bool_or("dated.is_from_provider") }} as is_from_provider,
    {{ dbt.bool_or("not dated.is_from_provider") }} as is_from_cashtag,
    {{ exact_average('dated.sentiment_score') }} as sentiment_score,
    max(dated.relevance_score) as relevance_score,
    min(dated.known_from) as known_from,
    min(dated.known_to) as known_to
from dated
inner join stories on dated.copy_key = stories.copy_key
-- A ticker that was listed only after the words were gone was never mentioned.
where dated.known_to is null or dated.known_from < dated.known_to
group by stories.article_key, dated.copy_key, dated.version_number, dated.ticker
