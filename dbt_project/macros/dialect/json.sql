{#- One row per element of a JSON array held as text, as `<alias>.element`; none for null or for anything else. -#}
{% macro unnest_json_array(column, alias) -%}
    {{ return(adapter.dispatch('unnest_json_array', 'marketloom')(column, alias)) }}
{%- endmacro %}

{% macro default__unnest_json_array(column, alias) -%}
    cross join unnest(cast(json_parse({{ column }}) as array(json))) as {{ alias }} (element)
{%- endmacro %}

{% macro postgres__unnest_json_array(column, alias) -%}
    cross join lateral jsonb_array_elements(
        case when {{ column }} like '[%' then cast({{ column }} as jsonb) end
    ) as {{ alias }} (element)
{%- endmacro %}


{#- Text of a field of a JSON object; without a field, of a JSON string. -#}
{% macro json_text(element, field=none) -%}
    {{ return(adapter.dispatch('json_text', 'marketloom')(element, field)) }}
{%- endmacro %}

{% macro default__json_text(element, field) -%}
    {%- if field -%} json_extract_scalar({{ element }}, '$.{{ field }}')
    {%- else -%} json_extract_scalar({{ element }}, '$')
    {%- endif -%}
{%- endmacro %}

{% macro postgres__json_text(element, field) -%}
    {%- if field -%} {{ element }} ->> '{{ field }}' {%- else -%} {{ element }} #>> '{}' {%- endif -%}
{%- endmacro %}
