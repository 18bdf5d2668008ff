{#- Has the database count what a relation holds, for its plans: after much was written, and before it is read. -#}
{% macro take_statistics(relation) -%}
    {{ return(adapter.dispatch('take_statistics', 'marketloom')(relation)) }}
{%- endmacro %}

{#- Most databases keep them by themselves. -#}
{% macro default__take_statistics(relation) -%}
{%- endmacro %}

{% macro postgres__take_statistics(relation) -%}
    analyze {{ relation }}
{%- endmacro %}
