{#- `column` is one of the values that `subquery` gives.
    Postgres evaluates an array subquery once, before it plans its way into the table, and can then use an
    index on the column (block range or b-tree), also through views and unions; `in` would read the whole table. -#}
{% macro is_any_of(column, subquery) -%}
    {{ return(adapter.dispatch('is_any_of', 'marketloom')(column, subquery)) }}
{%- endmacro %}

{% macro default__is_any_of(column, subquery) -%}
    {{ column }} in ({{ subquery }})
{%- endmacro %}

{% macro postgres__is_any_of(column, subquery) -%}
    {{ column }} = any(array({{ subquery }}))
{%- endmacro %}
