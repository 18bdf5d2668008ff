{{ config(indexes=[{'columns': ['article_key', 'ticker'], 'unique': true}]) }}

{%- set cashtag_pattern = '(?:^|[^A-Za-z0-9$])[$]([A-Z]{1,5}(?:[.][A-Z])?)(?![A-Za-z0-9])' -%}

with copies as (
    select * from {{ ref('int_articles__collected') }}
),

stories as (
    select * from {{ ref('int_articles__grouped') }}
),

described as (
    select * from {{ ref('int_securities__described') }}
),

observed as (
    select * from {{ ref('int_securities__observed') }}
),

listed as (
    select
        copies.copy_key,
        {{ json_text('listed.element') }} as provider_ticker,
        cast(null as {{ type_double() }}) as sentiment_score,
        cast(null as {{ type_double() }}) as relevance_score
    from copies
    {{ unnest_json_array('copies.tickers_json', 'listed') }}
),

scored as (
    select
        copies.copy_key,
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
    from copies
    {{ unnest_json_array('copies.ticker_sentiments_json', 'scored') }}
),

named_by_provider as (
    select * from listed
    union all
    select * from scored
),

by_provider as (
    select
        copy_key,
        {{ normalised_ticker('provider_ticker') }} as ticker,
        sentiment_score,
        relevance_score,
        true as is_from_provider
    from named_by_provider
    -- A prefix marks what is not a stock: CRYPTO:BTC and FOREX:USD at Alpha Vantage, X:BTCUSD at Polygon.
    where provider_ticker not like '%:%' and trim(provider_ticker) != ''
),

known_tickers as (
    select ticker from described
    union
    select ticker from observed
    union
    select ticker from by_provider
),

cashtags as (
    select
        copies.copy_key,
        cashtags.match as ticker,
        cast(null as {{ type_double() }}) as sentiment_score,
        cast(null as {{ type_double() }}) as relevance_score,
        false as is_from_provider
    from copies
    {{ unnest_regexp_matches('copies.title', cashtag_pattern, 'cashtags') }}
),

by_cashtag as (
    -- Only tickers that somebody lists: "$USD" and "$CASH" are words, not securities.
    select cashtags.*
    from cashtags
    inner join known_tickers on cashtags.ticker = known_tickers.ticker
),

mentions as (
    select * from by_provider
    union all
    select * from by_cashtag
)

select
    stories.article_key,
    mentions.ticker,
    {{ dbt.bool_or("mentions.is_from_provider") }} as is_from_provider,
    {{ dbt.bool_or("not mentions.is_from_provider") }} as is_from_cashtag,
    avg(mentions.sentiment_score) as sentiment_score,
    max(mentions.relevance_score) as relevance_score,
    min(copies.first_received_at) as known_from
from mentions
inner join copies on mentions.copy_key = copies.copy_key
inner join stories on copies.copy_key = stories.copy_key
group by stories.article_key, mentions.ticker
