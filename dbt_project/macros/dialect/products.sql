{#-
    The product of a positive column, an aggregate or, with `over`, a window function. Sums of logarithms are off in
    the sixteenth digit; rounding to fifteen makes the products of whole numbers and their quotients exact again.
-#}
{% macro product(column, over=none) -%}
    {{ return(adapter.dispatch('product', 'marketloom')(column, over)) }}
{%- endmacro %}

{% macro default__product(column, over) -%}
    exp(sum(ln({{ column }})){% if over %} over {{ over }}{% endif %})
{%- endmacro %}

{#- Postgres gives a double fifteen digits when it becomes a numeric. -#}
{% macro postgres__product(column, over) -%}
    cast(cast(exp(sum(ln({{ column }})){% if over %} over {{ over }}{% endif %}) as numeric) as {{ type_double() }})
{%- endmacro %}
