{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='copy_key',
        indexes=[
            {'columns': ['copy_key', 'version_number'], 'unique': true},
            {'columns': ['_dlt_load_id']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- Loads can arrive in any order, so all versions of a copy are cut again from all of its deliveries when a load brings
-- one more.

{%- set values = [
    'title', 'article_url', 'outlet', 'author', 'summary', 'tickers_json', 'ticker_sentiments_json', 'sentiment_score',
    'published_at'
] %}

with loads as (
    {{ new_loads(['polygon', 'alpha_vantage', 'rss', 'headlines']) }}
),

articles as (
    select * from {{ ref('int_articles__unioned') }}
    where rejection_reason is null
),

new_deliveries as (
    select
        articles.copy_key,
        articles.publication_key,
        articles.provider,
        articles.{{ values | join(',\n        articles.') }},
        {{ normalised_title('articles.title', 'articles.outlet', 'articles.article_url') }} as normalised_title,
        {{ canonical_url('articles.article_url') }} as canonical_url,
        articles.received_at,
        articles.response_id,
        articles.row_in_response,
        loads.load_id as _dlt_load_id,
        loads.finished_at as _loaded_at
    from articles
    inner join loads on articles.provider = loads.source_name and articles._dlt_load_id = loads.load_id
    {%- if is_incremental() %}
    where {{ in_array('articles._dlt_load_id', 'select new_loads.load_id from loads as new_loads') }}
    {%- endif %}
),

{% if is_incremental() -%}
known_deliveries as (
    select
        built.copy_key,
        built.publication_key,
        built.provider,
        built.{{ values | join(',\n        built.') }},
        built.normalised_title,
        built.canonical_url,
        deliveries.received_at,
        deliveries.response_id,
        deliveries.row_in_response,
        built._dlt_load_id,
        built._loaded_at
    from {{ this }} as built
    {{ unnest_arrays(delivery_arrays(), 'deliveries') }}
    where {{ in_array('built.copy_key', 'select new_deliveries.copy_key from new_deliveries') }}
),

{% endif -%}
deliveries as (
    select * from new_deliveries
    {%- if is_incremental() %}
    union all
    select * from known_deliveries
    {%- endif %}
),

versions as (
    {{
        scd2_versions(
            'deliveries',
            key=['copy_key', 'publication_key', 'provider'],
            values=values,
            derived=['normalised_title', 'canonical_url']
        )
    }}
),

compared as (
    select
        *,
        {{ date_in_zone('published_at', 'UTC') }} as published_date,
        lead(known_from) over copy_versions as known_to,
        first_value(known_from) over copy_versions as first_received_at,
        row_number() over copy_versions > 1 as is_edit,
        lag(title) over copy_versions as earlier_title,
        lag(summary) over copy_versions as earlier_summary,
        lag(tickers_json) over copy_versions as earlier_tickers_json
    from versions
    window copy_versions as (partition by copy_key order by version_number)
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
    published_date,
    -- What links copies to one story. A copy without a URL or a title has its own key there, which links it to none.
    case when canonical_url is null then copy_key else {{ dbt.hash('canonical_url') }} end as url_key,
    case
        when coalesce(normalised_title, '') = '' then copy_key
        else {{ hash_of(['normalised_title', 'published_date']) }}
    end as title_key,
    is_edit and (title is distinct from earlier_title) as has_new_title,
    is_edit and (summary is distinct from earlier_summary) as has_new_text,
    is_edit and (tickers_json is distinct from earlier_tickers_json) as has_new_tickers,
    known_from,
    known_to,
    first_received_at,
    last_received_at,
    delivery_times,
    delivery_response_ids,
    delivery_rows,
    _dlt_load_id,
    _loaded_at,
    {{ dbt.current_timestamp() }} as _updated_at
from compared
