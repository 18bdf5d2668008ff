{% macro key_number(hash) -%} {{ return(adapter.dispatch('key_number', 'marketloom')(hash)) }} {%- endmacro %}

{% macro postgres__key_number(hash) -%}
    cast(cast('x' || substring({{ hash }} from 1 for 16) as bit(64)) as {{ dbt.type_bigint() }})
{%- endmacro %}
