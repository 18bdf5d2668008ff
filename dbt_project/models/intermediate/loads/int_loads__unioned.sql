{{ config(materialized='view') }}

{% for source_name in raw_tables() -%}
select * from {{ ref('stg_' ~ source_name ~ '__loads') }}
{% if not loop.last %}union all
{% endif %}
{%- endfor %}
