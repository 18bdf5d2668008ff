{#-
    dbt's own materialisation of data tests writes a table for each test, and an empty one for each that passes. This one
    counts first: only what fails is written, and what was written before goes as soon as the test passes.
-#}
{%- materialization test, default -%}
    {%- set fail_calc = config.get('fail_calc') -%}
    {%- set limited = get_limit_subquery_sql(sql, config.get('limit')) -%}

    {%- call statement('main', fetch_result=true) -%}
        {{ get_test_sql(limited, fail_calc, config.get('warn_if'), config.get('error_if'), limit=none) }}
    {%- endcall -%}

    {%- if not should_store_failures() -%}
        {{ return({'relations': []}) }}
    {%- endif -%}

    {%- set store = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='table') -%}
    {%- set old_store = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {%- set row_count = load_result('main')['data'][0][0] -%}
    {%- if old_store -%}
        {%- do adapter.drop_relation(old_store) -%}
    {%- endif -%}
    {%- if row_count -%}
        {%- call statement(auto_begin=true) -%}
            {{ get_create_sql(store, limited) }}
        {%- endcall -%}
    {%- endif -%}
    {%- if old_store or row_count -%}
        {%- do adapter.commit() -%}
    {%- endif -%}
    {{ return({'relations': [store] if row_count else []}) }}
{%- endmaterialization -%}
