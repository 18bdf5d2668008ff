{#- `subject` with every match of `pattern` replaced. Groups are written \\1 in Jinja strings. -#}
{% macro regexp_replace(subject, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace', 'marketloom')(subject, pattern, replacement)) }}
{%- endmacro %}

{% macro default__regexp_replace(subject, pattern, replacement) -%}
    regexp_replace({{ subject }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{% macro postgres__regexp_replace(subject, pattern, replacement) -%}
    regexp_replace({{ subject }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}


{#- True where `subject` holds a match of `pattern`. -#}
{% macro regexp_matches(subject, pattern) -%}
    {{ return(adapter.dispatch('regexp_matches', 'marketloom')(subject, pattern)) }}
{%- endmacro %}

{% macro default__regexp_matches(subject, pattern) -%}
    regexp_like({{ subject }}, '{{ pattern }}')
{%- endmacro %}

{% macro postgres__regexp_matches(subject, pattern) -%}
    {{ subject }} ~ '{{ pattern }}'
{%- endmacro %}


{#- The first group of the first match of `pattern`, or null. -#}
{% macro regexp_extract(subject, pattern) -%}
    {{ return(adapter.dispatch('regexp_extract', 'marketloom')(subject, pattern)) }}
{%- endmacro %}

{% macro default__regexp_extract(subject, pattern) -%}
    regexp_extract({{ subject }}, '{{ pattern }}', 1)
{%- endmacro %}

{% macro postgres__regexp_extract(subject, pattern) -%}
    substring({{ subject }} from '{{ pattern }}')
{%- endmacro %}


{#- One row per match of `pattern`, its first group as `<alias>.match`. -#}
{% macro unnest_regexp_matches(subject, pattern, alias) -%}
    {{ return(adapter.dispatch('unnest_regexp_matches', 'marketloom')(subject, pattern, alias)) }}
{%- endmacro %}

{% macro default__unnest_regexp_matches(subject, pattern, alias) -%}
    cross join unnest(regexp_extract_all({{ subject }}, '{{ pattern }}', 1)) as {{ alias }} (match)
{%- endmacro %}

{% macro postgres__unnest_regexp_matches(subject, pattern, alias) -%}
    cross join lateral (
        select found.parts[1] as match from regexp_matches({{ subject }}, '{{ pattern }}', 'g') as found (parts)
    ) as {{ alias }}
{%- endmacro %}
