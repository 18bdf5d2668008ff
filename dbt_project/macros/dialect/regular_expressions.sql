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
