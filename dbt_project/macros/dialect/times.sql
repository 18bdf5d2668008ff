{% macro timestamp_from_milliseconds(column) -%}
    {{ return(adapter.dispatch('timestamp_from_milliseconds', 'marketloom')(column)) }}
{%- endmacro %}

{% macro postgres__timestamp_from_milliseconds(column) -%} to_timestamp({{ column }} / 1000.0) {%- endmacro %}

{% macro date_in_zone(column, zone='UTC') -%}
    {{ return(adapter.dispatch('date_in_zone', 'marketloom')(column, zone)) }}
{%- endmacro %}

{% macro postgres__date_in_zone(column, zone) -%} cast({{ column }} at time zone '{{ zone }}' as date) {%- endmacro %}

{% macro seconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('seconds_between', 'marketloom')(earlier, later)) }}
{%- endmacro %}

{% macro postgres__seconds_between(earlier, later) -%}
    cast(extract(epoch from {{ later }} - {{ earlier }}) as {{ type_double() }})
{%- endmacro %}

{% macro weekday_number(column) -%}
    {{ return(adapter.dispatch('weekday_number', 'marketloom')(column)) }}
{%- endmacro %}

{% macro postgres__weekday_number(column) -%} extract(isodow from {{ column }}) {%- endmacro %}

{% macro epoch_seconds(column, parts=1) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'marketloom')(column, parts)) }}
{%- endmacro %}

{% macro postgres__epoch_seconds(column, parts) -%}
    cast(extract(epoch from {{ column }}) * {{ parts }} as {{ dbt.type_bigint() }})
{%- endmacro %}

{% macro date_of_digits(column) -%}
    case when {{ regexp_matches(column, '^[0-9]{8}$') }} then cast({{ column }} as date) end
{%- endmacro %}
