{{ config(materialized='view') }}

with polygon as (
    select
        'polygon' as provider,
        article_id as provider_article_id,
        article_id as provider_copy_id,
        title,
        article_url,
        publisher_name as outlet,
        author,
        summary,
        tickers_json,
        insights_json as ticker_sentiments_json,
        cast(null as {{ type_double() }}) as sentiment_score,
        published_at,
        response_id,
        row_in_response,
        received_at,
        _dlt_load_id
    from {{ ref('stg_polygon__news') }}
),

alpha_vantage as (
    select
        'alpha_vantage' as provider,
        coalesce(article_url, title) as provider_article_id,
        coalesce(article_url, title) as provider_copy_id,
        title,
        article_url,
        outlet,
        nullif({{ regexp_replace('authors_json', '[]["]', '') }}, '') as author,
        summary,
        cast(null as {{ dbt.type_string() }}) as tickers_json,
        ticker_sentiment_json as ticker_sentiments_json,
        sentiment_score,
        published_at,
        response_id,
        row_in_response,
        received_at,
        _dlt_load_id
    from {{ ref('stg_alpha_vantage__news') }}
),

rss as (
    select
        'rss' as provider,
        feed_name || ' ' || coalesce(entry_id, article_url, title, response_id || ' ' || row_in_response)
            as provider_article_id,
        feed_name || ' ' || coalesce(entry_id, article_url, title, response_id || ' ' || row_in_response)
            as provider_copy_id,
        title,
        article_url,
        coalesce(source_title, feed_title, feed_name) as outlet,
        author,
        summary,
        cast(null as {{ dbt.type_string() }}) as tickers_json,
        cast(null as {{ dbt.type_string() }}) as ticker_sentiments_json,
        cast(null as {{ type_double() }}) as sentiment_score,
        published_at,
        response_id,
        row_in_response,
        received_at,
        _dlt_load_id
    from {{ ref('stg_rss__entries') }}
),

headlines as (
    select
        'headlines' as provider,
        -- A headline has one row per ticker that it is filed under: several rows, one publication.
        title || ' ' || {{ epoch_seconds('published_at') }} || ' ' || ticker as provider_article_id,
        title || ' ' || {{ epoch_seconds('published_at') }} as provider_copy_id,
        title,
        cast(null as {{ dbt.type_string() }}) as article_url,
        cast(null as {{ dbt.type_string() }}) as outlet,
        cast(null as {{ dbt.type_string() }}) as author,
        cast(null as {{ dbt.type_string() }}) as summary,
        {{ json_array_of('ticker') }} as tickers_json,
        cast(null as {{ dbt.type_string() }}) as ticker_sentiments_json,
        cast(null as {{ type_double() }}) as sentiment_score,
        published_at,
        response_id,
        row_in_response,
        received_at,
        _dlt_load_id
    from {{ ref('stg_headlines__headlines') }}
),

unioned as (
    select * from polygon
    union all
    select * from alpha_vantage
    union all
    select * from rss
    union all
    select * from headlines
)

select
    provider,
    {{ hash_of(['provider', 'provider_article_id']) }} as copy_key,
    {{ hash_of(['provider', 'provider_copy_id']) }} as publication_key,
    title,
    article_url,
    outlet,
    author,
    summary,
    tickers_json,
    ticker_sentiments_json,
    sentiment_score,
    published_at,
    case
        when title is null or trim(title) = '' then 'title missing'
        when published_at is null then 'time of publication missing'
        when published_at > {{ dbt.dateadd('minute', 60, 'received_at') }} then 'published after it was received'
    end as rejection_reason,
    response_id,
    row_in_response,
    received_at,
    _dlt_load_id
from unioned
