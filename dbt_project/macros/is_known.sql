{#-
    True for the version of something that we know now; with the variable `as_of`, for the one we knew then. The one
    place where versions are held against a time.
-#}
{% macro is_known(known_from='known_from', known_to='known_to') -%}
    {%- set as_of = var('as_of', none) -%}
    {%- if as_of -%}
        {%- set moment = "cast('" ~ as_of ~ "' as " ~ type_timestamp_tz() ~ ")" -%}
        {{ known_from }} <= {{ moment }} and ({{ known_to }} is null or {{ known_to }} > {{ moment }})
    {%- else -%}
        {{ known_to }} is null
    {%- endif -%}
{%- endmacro %}
