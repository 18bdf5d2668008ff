{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['source_name', 'load_id'],
        indexes=[{'columns': ['source_name', 'load_id'], 'unique': true}, {'columns': ['_updated_at']}],
    )
}}

{%- set entities = {
    'alpha_vantage': ['daily', 'news'],
    'calendar': ['days'],
    'headlines': ['headlines'],
    'ops': ['quarantined_rows', 'requests'],
    'polygon': ['bars', 'dividends', 'listings', 'news', 'splits', 'tickers'],
    'pystock': ['prices', 'reports', 'symbols'],
    'rss': ['entries'],
} %}

-- A load never changes, so its rows are counted once.

with all_loads as (
    {% for source_name in entities -%}
    select * from {{ ref('stg_' ~ source_name ~ '__loads') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

loads as (
    select * from all_loads
    where
        is_finished
        {%- if is_incremental() %}
        and (source_name, load_id) not in (
            select
                built.source_name,
                built.load_id
            from {{ this }} as built
        )
        {%- endif %}
),

counted_by_table as (
    {% for source_name, names in entities.items() -%}
    {% set is_last_source = loop.last -%}
    {% for name in names -%}
    select
        '{{ source_name }}' as source_name,
        _dlt_load_id as load_id,
        count(*) as row_count,
        min(received_at) as first_received_at,
        max(received_at) as last_received_at
    from {{ ref('stg_' ~ source_name ~ '__' ~ name) }}
    where {{ in_array('_dlt_load_id', "select load_id from loads where source_name = '" ~ source_name ~ "'") }}
    group by _dlt_load_id
    {{ 'union all' if not (loop.last and is_last_source) }}
    {% endfor %}
    {%- endfor %}
),

counted as (
    select
        source_name,
        load_id,
        sum(row_count) as row_count,
        count(*) as table_count,
        min(first_received_at) as first_received_at,
        max(last_received_at) as last_received_at
    from counted_by_table
    group by source_name, load_id
)

select
    loads.source_name,
    loads.load_id,
    loads.finished_at,
    cast(coalesce(counted.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
    cast(coalesce(counted.table_count, 0) as {{ dbt.type_int() }}) as table_count,
    counted.first_received_at,
    counted.last_received_at,
    loads.schema_version_hash,
    {{ dbt.current_timestamp() }} as _updated_at
from loads
left join counted on loads.source_name = counted.source_name and loads.load_id = counted.load_id
-- In a build of the past: loads that had brought something by then.
where {{ is_known_by_now('counted.first_received_at') }}
