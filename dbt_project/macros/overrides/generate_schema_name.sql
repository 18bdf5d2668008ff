{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name in ('live', 'sandbox') -%}
        {{ custom_schema_name or target.schema }}
    {%- else -%}
        {{ default__generate_schema_name(custom_schema_name, node) }}
    {%- endif -%}
{%- endmacro %}
