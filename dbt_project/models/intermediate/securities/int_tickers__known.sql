{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='ticker',
        contract={'enforced': true},
        indexes=[{'columns': ['ticker'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=(bar_providers() + article_providers()) | unique) }}",
    )
}}

-- Says from when on a word with a dollar sign could be taken for a security.

with bars as (
    select * from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

polygon as (
    select * from {{ ref('stg_polygon__tickers') }}
    where {{ is_newly_claimed(['polygon']) }}
),

pystock as (
    select * from {{ ref('stg_pystock__symbols') }}
    where {{ is_newly_claimed(['pystock']) }}
),

articles as (
    select * from {{ ref('int_articles__unioned') }}
    where rejection_reason is null and {{ is_newly_claimed(article_providers(), source_column='provider') }}
),

-- Many articles name the same few tickers: each list is taken apart once.
ticker_lists as (
    select
        tickers_json,
        min(received_at) as received_at
    from articles
    where tickers_json is not null
    group by tickers_json
),

named as (
    select
        {{ json_text('listed.element') }} as provider_ticker,
        ticker_lists.received_at
    from ticker_lists
    {{ unnest_json_array('ticker_lists.tickers_json', 'listed') }}
    union all
    select
        {{ json_text('scored.element', 'ticker') }} as provider_ticker,
        articles.received_at
    from articles
    {{ unnest_json_array('articles.ticker_sentiments_json', 'scored') }}
),

received as (
    select
        ticker,
        received_at
    from bars
    union all
    select
        {{ normalised_ticker('ticker') }} as ticker,
        received_at
    from polygon
    union all
    select
        {{ normalised_ticker('ticker') }} as ticker,
        received_at
    from pystock
    union all
    select
        {{ normalised_ticker('provider_ticker') }} as ticker,
        received_at
    from named
    where {{ is_stock_ticker('provider_ticker') }}
),

listed as (
    select
        ticker,
        min(received_at) as known_from
    from received
    group by ticker
)

select
    listed.ticker,
    listed.known_from
from listed
{%- if is_incremental() %}
left join {{ this }} as known on listed.ticker = known.ticker
where known.ticker is null or listed.known_from < known.known_from
{%- endif %}
