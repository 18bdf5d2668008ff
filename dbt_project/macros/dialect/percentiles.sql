{#- The median of a column, an aggregate. -#}
{% macro median(column) -%}
    {{ return(adapter.dispatch('median', 'marketloom')(column)) }}
{%- endmacro %}

{% macro default__median(column) -%}
    approx_percentile({{ column }}, 0.5)
{%- endmacro %}

{% macro postgres__median(column) -%}
    percentile_cont(0.5) within group (order by {{ column }})
{%- endmacro %}
