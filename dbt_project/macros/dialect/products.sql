{% macro product(column, over=none) -%}
    {{ return(adapter.dispatch('product', 'marketloom')(column, over)) }}
{%- endmacro %}

{#- A sum of logarithms is off in the sixteenth digit; a double has fifteen when PostgreSQL makes it a numeric. -#}
{% macro postgres__product(column, over) -%}
    cast(cast(exp(sum(ln({{ column }})){% if over %} over {{ over }}{% endif %}) as numeric) as {{ type_double() }})
{%- endmacro %}
