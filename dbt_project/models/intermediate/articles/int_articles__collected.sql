{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='copy_key',
        indexes=[{'columns': ['copy_key'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=article_providers()) }}",
    )
}}

with articles as (
    select * from {{ ref('int_articles__unioned') }}
    where
        rejection_reason is null
        and {{ is_newly_claimed(article_providers(), source_column='provider') }}
),

delivered as (
    select
        copy_key,
        publication_key,
        provider,
        title,
        {{ normalised_title('title', 'outlet', 'article_url') }} as normalised_title,
        article_url,
        {{ canonical_url('article_url') }} as canonical_url,
        outlet,
        author,
        summary,
        tickers_json,
        ticker_sentiments_json,
        sentiment_score,
        published_at,
        {{ date_in_zone('published_at', 'UTC') }} as published_date,
        response_id,
        row_in_response,
        received_at as first_received_at,
        received_at as last_received_at
    from articles
    {%- if is_incremental() %}
    union all
    select known.* from {{ this }} as known
    where known.copy_key in (select articles.copy_key from articles)
    {%- endif %}
),

numbered as (
    select
        *,
        -- Windows overlap and feeds repeat their entries: the last delivery stands for all, since outlets correct
        -- their texts, and the first time is remembered.
        row_number() over (
            partition by copy_key
            order by last_received_at desc, response_id desc, row_in_response desc
        ) as delivery_number,
        min(first_received_at) over (partition by copy_key) as copy_first_received_at
    from delivered
)

select
    copy_key,
    publication_key,
    provider,
    title,
    normalised_title,
    article_url,
    canonical_url,
    outlet,
    author,
    summary,
    tickers_json,
    ticker_sentiments_json,
    sentiment_score,
    published_at,
    published_date,
    response_id,
    row_in_response,
    copy_first_received_at as first_received_at,
    last_received_at
from numbered
where delivery_number = 1
