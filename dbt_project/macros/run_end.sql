{#- dbt's grants speak of tables only; reading a table also takes usage of its schema. -#}
{% macro let_analysts_into_marts(schemas) -%}
    {%- set marts = generate_schema_name('marts', none) | trim -%}
    {%- if marts in schemas -%}
        grant usage on schema {{ adapter.quote(marts) }} to marketloom_analyst
    {%- endif -%}
{%- endmacro %}
