{% macro product(column, over=none) -%}
    {{ return(adapter.dispatch('product', 'marketloom')(column, over)) }}
{%- endmacro %}

{#- No product of real terms is near 1e±100. One beyond it would overflow in what is computed from it. -#}
{#- A sum of logarithms is off in the sixteenth digit; a double has fifteen when PostgreSQL makes it a numeric. -#}
{% macro postgres__product(column, over) -%}
    {%- set logarithm = 'sum(ln(' ~ column ~ '))' ~ (' over ' ~ over if over else '') -%}
    cast(cast(exp(greatest(least({{ logarithm }}, 230), -230)) as numeric) as {{ type_double() }})
{%- endmacro %}
