{#- A point in time from milliseconds since 1970 in UTC. -#}
{% macro timestamp_from_milliseconds(column) -%}
    {{ return(adapter.dispatch('timestamp_from_milliseconds', 'marketloom')(column)) }}
{%- endmacro %}

{% macro default__timestamp_from_milliseconds(column) -%}
    to_timestamp({{ column }} / 1000.0)
{%- endmacro %}


{#- The calendar date that a point in time falls on in a time zone. -#}
{% macro date_in_zone(column, zone='UTC') -%}
    {{ return(adapter.dispatch('date_in_zone', 'marketloom')(column, zone)) }}
{%- endmacro %}

{% macro default__date_in_zone(column, zone) -%}
    cast({{ column }} at time zone '{{ zone }}' as date)
{%- endmacro %}


{#- Seconds from one point in time to another, with fractions. -#}
{% macro seconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('seconds_between', 'marketloom')(earlier, later)) }}
{%- endmacro %}

{% macro default__seconds_between(earlier, later) -%}
    cast(extract(epoch from {{ later }} - {{ earlier }}) as {{ type_double() }})
{%- endmacro %}


{#- 1 for Monday to 7 for Sunday. -#}
{% macro weekday_number(column) -%}
    {{ return(adapter.dispatch('weekday_number', 'marketloom')(column)) }}
{%- endmacro %}

{% macro default__weekday_number(column) -%}
    extract(isodow from {{ column }})
{%- endmacro %}


{#- Whole seconds since 1970 in UTC, the same whatever the session's time zone. -#}
{% macro epoch_seconds(column) -%}
    {{ return(adapter.dispatch('epoch_seconds', 'marketloom')(column)) }}
{%- endmacro %}

{% macro default__epoch_seconds(column) -%}
    cast(extract(epoch from {{ column }}) as {{ dbt.type_bigint() }})
{%- endmacro %}


{#- The date that eight digits (YYYYMMDD) name; null for anything else. -#}
{% macro date_of_digits(column) -%}
    {{ return(adapter.dispatch('date_of_digits', 'marketloom')(column)) }}
{%- endmacro %}

{% macro default__date_of_digits(column) -%}
    case when {{ regexp_matches(column, '^[0-9]{8}$') }} then cast({{ column }} as date) end
{%- endmacro %}
