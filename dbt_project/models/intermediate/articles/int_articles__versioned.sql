{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='copy_key',
        contract={'enforced': true},
        indexes=[{'columns': ['copy_key', 'version_number'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=article_providers()) }}",
    )
}}

-- Cut into versions as bars are (see int_bars__versioned).

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
        {{ article_values() | join(',\n        ') }},
        {{ normalised_title('title', 'outlet', 'article_url') }} as normalised_title,
        {{ canonical_url('article_url') }} as canonical_url,
        received_at,
        response_id,
        row_in_response
    from articles
    {%- if is_incremental() %}
    union all
    select
        known.copy_key,
        known.publication_key,
        known.provider,
        known.{{ article_values() | join(',\n        known.') }},
        known.normalised_title,
        known.canonical_url,
        deliveries.received_at,
        deliveries.response_id,
        deliveries.row_in_response
    from {{ this }} as known
    {{ unnest_arrays(deliveries_of_version(), 'deliveries') }}
    where {{ is_any_of('known.copy_key', 'select articles.copy_key from articles') }}
    {%- endif %}
),

versions as (
    {{
        episodes(
            'delivered',
            key=['copy_key', 'publication_key', 'provider'],
            values=article_values(),
            derived=['normalised_title', 'canonical_url']
        )
    }}
)

select
    copy_key,
    cast(version_number as {{ dbt.type_int() }}) as version_number,
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
    {{ date_in_zone('published_at', 'UTC') }} as published_date,
    known_from,
    lead(known_from) over (partition by copy_key order by version_number) as known_to,
    min(known_from) over (partition by copy_key) as first_received_at,
    last_received_at,
    delivery_times,
    delivery_response_ids,
    delivery_rows
from versions
