{{ config(materialized='view') }}

{% for source_name in raw_tables() -%}
select * from {{ ref('stg_' ~ source_name ~ '__loads') }}
{{ 'union all' if not loop.last }}
{% endfor %}
