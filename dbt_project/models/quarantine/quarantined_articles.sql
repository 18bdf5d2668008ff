{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='copy_key',
        contract={'enforced': true},
        indexes=[
            {'columns': ['copy_key'], 'unique': true},
            {'columns': ['_dlt_load_id']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- The arrays list the deliveries, so that one that is read twice counts once.

{%- set values = ['provider', 'rejection_reason', 'title', 'article_url', 'outlet', 'published_at'] %}

with loads as (
    {{ new_loads(['polygon', 'alpha_vantage', 'rss', 'headlines']) }}
),

articles as (
    select * from {{ ref('int_articles__unioned') }}
    where rejection_reason is not null
),

new_deliveries as (
    select
        articles.copy_key,
        articles.{{ values | join(',\n        articles.') }},
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
        built.{{ values | join(',\n        built.') }},
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

numbered as (
    select
        *,
        -- A delivery that is read twice is there twice.
        row_number() over (
            partition by copy_key, received_at, response_id, row_in_response
            order by _loaded_at desc
        ) as reading_number
    from deliveries
),

-- A feed repeats its broken entries in every response: the last delivery is shown.
ranked as (
    select
        *,
        row_number() over (
            partition by copy_key
            order by received_at desc, response_id desc, row_in_response desc
        ) as delivery_number
    from numbered
    where reading_number = 1
)

select
    copy_key,
    {%- for column in values %}
    max(case when delivery_number = 1 then {{ column }} end) as {{ column }},
    {%- endfor %}
    count(*) as delivery_count,
    min(received_at) as first_received_at,
    max(received_at) as last_received_at,
    max(case when delivery_number = 1 then response_id end) as response_id,
    max(case when delivery_number = 1 then row_in_response end) as row_in_response,
    array_agg(received_at order by received_at, response_id, row_in_response) as delivery_times,
    array_agg(response_id order by received_at, response_id, row_in_response) as delivery_response_ids,
    array_agg(row_in_response order by received_at, response_id, row_in_response) as delivery_rows,
    max(_dlt_load_id) as _dlt_load_id,
    max(_loaded_at) as _loaded_at,
    {{ dbt.current_timestamp() }} as _updated_at
from ranked
group by copy_key
