{#- A point in time with its zone, held in UTC. -#}
{% macro type_timestamp_tz() -%}
    {{ return(adapter.dispatch('type_timestamp_tz', 'marketloom')()) }}
{%- endmacro %}

{% macro default__type_timestamp_tz() -%}
    timestamp with time zone
{%- endmacro %}


{#- A double-precision float: dbt's own type_float is single precision on some databases. -#}
{% macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'marketloom')()) }}
{%- endmacro %}

{% macro default__type_double() -%}
    double precision
{%- endmacro %}
