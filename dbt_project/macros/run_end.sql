{#- dbt's grants speak of tables only; reading a table also takes usage of its schema. -#}
{% macro let_analysts_into_marts(schemas) -%}
    {%- set marts = generate_schema_name('marts', none) | trim -%}
    {%- if marts in schemas -%}
        grant usage on schema {{ adapter.quote(marts) }} to marketloom_analyst
    {%- endif -%}
{%- endmacro %}


{#- dbt stores the failing rows of each test in a table, and an empty table for each test that passed.
    Dropping the empty ones leaves in quarantine what is worth a look, and nothing else. -#}
{% macro drop_stores_of_passed_tests(results) -%}
    {%- set passed = [] -%}
    {%- for result in results
        if result.node.resource_type == 'test' and result.status == 'pass' and result.node.config.store_failures -%}
        {%- do passed.append(adapter.quote(result.node.schema) ~ '.' ~ adapter.quote(result.node.alias)) -%}
    {%- endfor -%}
    {%- if passed -%}
        drop table if exists {{ passed | join(', ') }}
    {%- endif -%}
{%- endmacro %}
