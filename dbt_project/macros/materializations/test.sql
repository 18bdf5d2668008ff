{#-
    dbt's own materialisation of data tests writes a table for each test, and an empty one for each that passes. This one
    counts first: only what fails is written, and what was written before goes as soon as the test passes. What the
    database holds by itself is not counted.
-#}
{%- materialization test, default -%}
    {%- set fail_calc = config.get('fail_calc') -%}
    {%- set limited = get_limit_subquery_sql(sql, config.get('limit')) -%}

    {%- set counted = get_test_sql(limited, fail_calc, config.get('warn_if'), config.get('error_if'), limit=none) -%}
    {#- Where nothing is to be read, nothing fails. The first such test asks the database all the same, for the result. -#}
    {%- set reads_nothing = is_nothing_to_read(sql) -%}
    {%- set place = ['nothing', fail_calc, config.get('warn_if'), config.get('error_if')] | join(' ') -%}
    {%- if reads_nothing and place in remembered() -%}
        {%- call noop_statement('main', 'HELD', 'HELD', 0, remembered()[place]) -%} {{ counted }} {%- endcall -%}
    {%- else -%}
        {%- call statement('main', fetch_result=true) -%} {{ counted }} {%- endcall -%}
        {%- if reads_nothing -%}
            {%- do remembered().update({place: load_result('main')['table']}) -%}
        {%- endif -%}
    {%- endif -%}

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
