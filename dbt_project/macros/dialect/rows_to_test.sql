{#-
    Postgres notes by itself which rows are written: when all tests of a table have passed, it gets triggers that put the
    keys of all rows that a statement inserts, updates or deletes into a table of the same name in the schema
    `untested`, in the same transaction, whoever writes. That holds what loads alone do not tell: a split
    rewrites the past of a security. Passed tests empty the table of keys. A table that is built anew comes without
    triggers, and so is read whole.
-#}
{% macro postgres__noted_keys(relation, key) -%}
    {%- set place = 'keys of ' ~ relation -%}
    {%- if place not in remembered() -%}
        {%- do remembered().update({place: read_noted_keys(relation, key)}) -%}
    {%- endif -%}
    {{ return(remembered()[place].table) }}
{%- endmacro %}


{% macro read_noted_keys(relation, key) -%}
    {%- set found -%}
        select 1 from pg_trigger where tgrelid = to_regclass('{{ relation }}') and tgname = 'note_inserted_rows'
    {%- endset -%}
    {%- if not run_query(found) -%}
        {{ return({'table': none}) }}
    {%- endif -%}
    {%- set keys = untested_schema() ~ '.' ~ relation.identifier -%}
    {%- set noted -%}
        select count(*) as row_count, count(*) filter (where {{ key | join(' is null or ') }} is null) as lost_count
        from {{ keys }}
    {%- endset -%}
    {%- set row_count, lost_count = run_query(noted)[0] -%}
    {%- do remembered().update({'is empty: ' ~ keys: row_count == 0}) -%}
    {#- A row without its key cannot be looked up by it. -#}
    {{ return({'table': none if lost_count else keys}) }}
{%- endmacro %}


{% macro postgres__is_empty(keys) -%} {{ return(remembered()['is empty: ' ~ keys]) }} {%- endmacro %}


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


{% macro postgres__what_is_held(relation) -%}
    {%- set query -%}
        select 'not null' as held_by, attname::text as column_names, '' as nullable_names
        from pg_attribute
        where attrelid = to_regclass('{{ relation }}') and attnum > 0 and attnotnull
        union all
        select
            pg_index.indexrelid::regclass::text,
            string_agg(attname, ' '),
            coalesce(string_agg(attname, ' ') filter (where not attnotnull and not indnullsnotdistinct), '')
        from pg_index
        cross join unnest(indkey::smallint[]) with ordinality as indexed (number, place)
        left join pg_attribute on attrelid = indrelid and attnum = indexed.number
        where
            indrelid = to_regclass('{{ relation }}') and indisunique and indisvalid and indpred is null
            and indexed.place <= indnkeyatts
        group by pg_index.indexrelid
        having count(*) = count(attname)
        order by 3, 1
    {%- endset -%}
    {%- set held = {'not_null': [], 'unique': []} -%}
    {%- for held_by, column_names, nullable_names in run_query(query).rows -%}
        {%- if held_by == 'not null' -%}
            {%- do held.not_null.append(column_names) -%}
        {%- else -%}
            {%- do held.unique.append(
                {'index': held_by, 'columns': column_names.split(), 'nullable': (nullable_names or '').split()}
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(held) }}
{%- endmacro %}
