{#- On the two real targets a schema is called what the project calls it; any other target (a developer's,
    a test's) gets its own set beside them. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set schema = (custom_schema_name or target.schema) | trim -%}
    {%- if target.name in ('live', 'sandbox') -%}
        {{ schema }}
    {%- else -%}
        {{ target.name }}_{{ schema }}
    {%- endif -%}
{%- endmacro %}
