{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['source_name', 'load_id', 'table_name'],
        indexes=[{'columns': ['source_name', 'load_id', 'table_name'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=raw_tables().keys()) }}",
    )
}}

-- A load never changes, so its rows are counted once; the index on `_dlt_load_id` keeps that cheap.

{% for source_name, table_names in raw_tables().items() -%}
{% set is_last_source = loop.last -%}
{% for table_name in table_names -%}
select
    '{{ source_name }}' as source_name,
    cast(_dlt_load_id as {{ dbt.type_string() }}) as load_id,
    '{{ table_name }}' as table_name,
    count(*) as row_count,
    min(_received_at) as first_received_at,
    max(_received_at) as last_received_at
from {{ source('raw_' ~ source_name, table_name) }}
where {{ is_newly_claimed([source_name]) }} and {{ 'true' if source_name == 'calendar' else is_known_by_now() }}
group by _dlt_load_id
{{ 'union all' if not (loop.last and is_last_source) }}
{% endfor %}
{%- endfor %}
