{#-
    Postgres notes by itself which rows are written: when all tests of a table have passed, it gets triggers that put the
    keys of all rows that a statement inserts, updates or deletes into a table of the same name in the schema
    `untested`, in the same transaction, whoever writes. That holds what loads alone do not tell: a split
    rewrites the past of a security. Passed tests empty the table of keys. A table that is built anew comes without
    triggers, and so is read whole.
-#}
{% macro postgres__noted_keys(relation, key) -%}
    {%- set found -%}
        select 1 from pg_trigger where tgrelid = to_regclass('{{ relation }}') and tgname = 'note_inserted_rows'
    {%- endset -%}
    {%- if not run_query(found) -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set keys = untested_schema() ~ '.' ~ relation.identifier -%}
    {#- A row without its key cannot be looked up by it. -#}
    {%- if run_query('select 1 from ' ~ keys ~ ' where ' ~ key | join(' is null or ') ~ ' is null limit 1') -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(keys) }}
{%- endmacro %}


{% macro untested_schema() -%}
    {{ return(generate_schema_name('untested', none) | trim) }}
{%- endmacro %}


{#- One dbt at a time writes to a warehouse: nothing is noted between the tests and the end of their run. -#}
{% macro postgres__note_tested_rows(nodes) -%}
    {%- set schema = untested_schema() -%}
    {%- set query -%}
        select relnamespace::regnamespace::text || '.' || relname
        from pg_trigger inner join pg_class on pg_class.oid = tgrelid
        where tgname = 'note_inserted_rows'
    {%- endset -%}
    {%- set noting = run_query(query).columns[0].values() | list if nodes else [] -%}
    {%- set emptied, begun = [], [] -%}
    {%- for node in nodes -%}
        {%- if node.schema ~ '.' ~ node.alias in noting -%}
            {%- do emptied.append(schema ~ '.' ~ node.alias) -%}
        {%- else -%}
            {%- do begun.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if emptied %}
        truncate {{ emptied | join(', ') }};
    {%- endif -%}
    {%- if begun %}
        create schema if not exists {{ schema }};
        create or replace function {{ schema }}.note_rows() returns trigger language plpgsql as $note_rows$
        begin
            execute format(
                'insert into {{ schema }}.%1$I (%2$s) select distinct %2$s from written on conflict do nothing',
                tg_table_name, tg_argv[0]
            );
            return null;
        end
        $note_rows$;
        {%- for node in begun %}
        {%- set relation = relation_of(node) %}
        {%- set key = key_of_rows(node) | join(', ') %}
        {%- set keys = schema ~ '.' ~ node.alias %}
        drop table if exists {{ keys }};
        create table {{ keys }} as select {{ key }} from {{ relation }} where false;
        create unique index on {{ keys }} ({{ key }}) nulls not distinct;
        {%- for event, name, rows in [
            ('insert', 'inserted', 'new'), ('update', 'updated', 'new'), ('delete', 'deleted', 'old')
        ] %}
        create trigger note_{{ name }}_rows
        after {{ event }} on {{ relation }} referencing {{ rows }} table as written
        for each statement execute function {{ schema }}.note_rows('{{ key }}');
        {%- endfor %}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}


{% macro postgres__what_holds_not_null(relation, column_name) -%}
    {%- set query -%}
        select 'not null' from pg_attribute
        where attrelid = to_regclass('{{ relation }}') and attname = '{{ column_name }}' and attnotnull
    {%- endset -%}
    {%- set found = run_query(query) -%}
    {{ return(found[0][0] if found else none) }}
{%- endmacro %}


{#- A valid unique index on some or all of the columns. Only rows with a null in it may still be alike. -#}
{% macro postgres__what_holds_unique(relation, columns) -%}
    {%- set query -%}
        select
            pg_index.indexrelid::regclass::text,
            coalesce(string_agg(column_name, ' ') filter (where not attnotnull and not indnullsnotdistinct), '')
        from pg_index
        cross join unnest(indkey::smallint[]) with ordinality as indexed (number, place)
        left join pg_attribute on attrelid = indrelid and attnum = indexed.number
        left join unnest(array['{{ columns | join("', '") }}']) as tested (column_name) on column_name = attname
        where
            indrelid = to_regclass('{{ relation }}') and indisunique and indisvalid and indpred is null
            and indexed.place <= indnkeyatts
        group by pg_index.indexrelid
        having count(*) = count(column_name)
        order by 2, 1
        limit 1
    {%- endset -%}
    {%- set found = run_query(query) -%}
    {{ return({'index': found[0][0], 'nullable': found[0][1].split()} if found else none) }}
{%- endmacro %}
