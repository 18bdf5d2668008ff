{% macro regexp_replace(subject, pattern, replacement) -%}
    {{ return(adapter.dispatch('regexp_replace', 'marketloom')(subject, pattern, replacement)) }}
{%- endmacro %}

{% macro postgres__regexp_replace(subject, pattern, replacement) -%}
    regexp_replace({{ subject }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro regexp_matches(subject, pattern) -%}
    {{ return(adapter.dispatch('regexp_matches', 'marketloom')(subject, pattern)) }}
{%- endmacro %}

{% macro postgres__regexp_matches(subject, pattern) -%} {{ subject }} ~ '{{ pattern }}' {%- endmacro %}

{% macro regexp_extract(subject, pattern) -%}
    {{ return(adapter.dispatch('regexp_extract', 'marketloom')(subject, pattern)) }}
{%- endmacro %}

{% macro postgres__regexp_extract(subject, pattern) -%} substring({{ subject }} from '{{ pattern }}') {%- endmacro %}

{% macro unnest_regexp_matches(subject, pattern, alias) -%}
    {{ return(adapter.dispatch('unnest_regexp_matches', 'marketloom')(subject, pattern, alias)) }}
{%- endmacro %}

{% macro postgres__unnest_regexp_matches(subject, pattern, alias) -%}
    cross join lateral (
        select found.parts[1] as match from regexp_matches({{ subject }}, '{{ pattern }}', 'g') as found (parts)
    ) as {{ alias }}
{%- endmacro %}
