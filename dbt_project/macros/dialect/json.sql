{% macro unnest_json_array(column, alias) -%}
    {{ return(adapter.dispatch('unnest_json_array', 'marketloom')(column, alias)) }}
{%- endmacro %}

{% macro postgres__unnest_json_array(column, alias) -%}
    cross join lateral jsonb_array_elements(
        case when {{ column }} like '[%' then cast({{ column }} as jsonb) end
    ) as {{ alias }} (element)
{%- endmacro %}

{% macro json_text(element, field=none) -%}
    {{ return(adapter.dispatch('json_text', 'marketloom')(element, field)) }}
{%- endmacro %}

{% macro postgres__json_text(element, field) -%}
    {%- if field -%} {{ element }} ->> '{{ field }}' {%- else -%} {{ element }} #>> '{}' {%- endif -%}
{%- endmacro %}

{% macro json_array_of(column) -%} cast(jsonb_build_array({{ column }}) as {{ dbt.type_string() }}) {%- endmacro %}
