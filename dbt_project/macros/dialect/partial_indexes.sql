{#- Post-hook: an index of few rows of a large table, those of a condition, made with the table. -#}
{% macro index_where(columns, condition) -%}
    {{ return(adapter.dispatch('index_where', 'marketloom')(columns, condition)) }}
{%- endmacro %}

{% macro default__index_where(columns, condition) -%} {%- endmacro %}

{% macro postgres__index_where(columns, condition) -%}
    {%- if not is_incremental() -%}
    create index on {{ this }} ({{ columns | join(', ') }}) where {{ condition }}
    {%- endif -%}
{%- endmacro %}
