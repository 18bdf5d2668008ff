{% macro in_array(column, subquery) -%}
    {{ return(adapter.dispatch('in_array', 'marketloom')(column, subquery)) }}
{%- endmacro %}

{% macro postgres__in_array(column, subquery) -%} {{ column }} = any(array({{ subquery }})) {%- endmacro %}
