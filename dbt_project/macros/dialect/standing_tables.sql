{#-
    dbt reads the columns of a table up to five times while it adds to it, and writes all comments and looks up all grants
    anew. Here the tables that stand are looked at once an invocation, all together, and what is as it should be is left
    alone. These macros take the place of dbt's own of the same names (`dbt.default__…`), to which they leave the rest.
-#}

{#- The comments and grants of the tables that stood when the invocation began. -#}
{% macro standing_tables() -%}
    {%- if 'standing tables' not in remembered() -%}
        {%- set query -%}
            select
                relnamespace::regnamespace::text || '.' || relname as name,
                (
                    select md5(string_agg(
                        coalesce(attname, '') || ' ' || description, chr(10) order by coalesce(attname, '') collate "C"
                    ))
                    from pg_description
                    left join pg_attribute on attrelid = objoid and attnum = objsubid and objsubid > 0
                    where objoid = pg_class.oid and classoid = 'pg_class'::regclass
                ) as comments,
                (
                    select string_agg(lower(privilege_type) || ' ' || grantee::regrole::text, ',' order by 1)
                    from aclexplode(relacl)
                    where grantee != relowner
                ) as grants
            from pg_class
            where relkind = 'r' and relnamespace in (
                select oid from pg_namespace where nspname in ('{{ schemas_of_models() | join("', '") }}')
            )
        {%- endset -%}
        {%- set found = {} -%}
        {%- for name, comments, grants in run_query(query).rows -%}
            {%- do found.update({name: {'comments': comments, 'grants': grants}}) -%}
        {%- endfor -%}
        {%- do remembered().update({'standing tables': found}) -%}
    {%- endif -%}
    {{ return(remembered()['standing tables']) }}
{%- endmacro %}


{% macro schemas_of_models() -%}
    {{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | map(attribute='schema') | unique | list) }}
{%- endmacro %}


{#- What is known of the running model's table if it is being added to; nothing if it is made anew. -#}
{% macro standing_table(relation) -%}
    {%- if relation.render() == this.render() and is_incremental() -%}
        {{ return(standing_tables().get(relation.schema ~ '.' ~ relation.identifier, {})) }}
    {%- endif -%}
    {{ return({}) }}
{%- endmacro %}


{% macro postgres__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- set description = model.description if for_relation and config.persist_relation_docs() else '' -%}
    {%- set columns = model.columns if for_columns and config.persist_column_docs() else {} -%}
    {%- set wanted = [' ' ~ description] if description else [] -%}
    {%- for column in columns.values() | sort(attribute='name', case_sensitive=true) if column.description -%}
        {%- do wanted.append(column.name ~ ' ' ~ column.description) -%}
    {%- endfor -%}
    {%- if wanted and standing_table(relation).comments != local_md5(wanted | join('\n')) -%}
        {%- if not (config.get('contract') or {}).enforced -%}
            {%- set names = columns_of([relation])[0] | map(attribute='name') | list if columns else [] -%}
            {%- set columns = validate_doc_columns(relation, columns, names) -%}
        {%- endif -%}
        {%- call statement('comments') -%}
            {% if description %}{{ alter_relation_comment(relation, description) }}{% endif %}
            {% for column in columns.values() %}
            comment on column {{ relation }}.{{ adapter.quote(column.name) if column.quote else column.name }}
            is {{ postgres_escape_comment(column.description) }};
            {% endfor %}
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}


{% macro postgres__apply_grants(relation, grant_config, should_revoke=true) -%}
    {%- set wanted = [] -%}
    {%- for privilege, grantees in (grant_config or {}).items() -%}
        {%- for grantee in grantees -%} {%- do wanted.append(privilege | lower ~ ' ' ~ grantee) -%} {%- endfor -%}
    {%- endfor -%}
    {%- if not wanted or standing_table(relation).grants != wanted | sort | join(',') -%}
        {%- do dbt.default__apply_grants(relation, grant_config, should_revoke) -%}
    {%- endif -%}
{%- endmacro %}


{% macro postgres__check_for_schema_changes(source_relation, target_relation) -%}
    {%- set source_columns, target_columns = columns_of([source_relation, target_relation]) -%}
    {%- set have, had = [], [] -%}
    {%- for column in source_columns -%} {%- do have.append(column.name ~ ' ' ~ column.data_type) -%} {%- endfor -%}
    {%- for column in target_columns -%} {%- do had.append(column.name ~ ' ' ~ column.data_type) -%} {%- endfor -%}
    {%- if have | sort == had | sort -%}
        {{ return({'schema_changed': false, 'source_columns': source_columns, 'target_columns': target_columns}) }}
    {%- endif -%}
    {{ return(dbt.default__check_for_schema_changes(source_relation, target_relation)) }}
{%- endmacro %}


{% macro postgres__get_columns_in_relation(relation) -%}
    {{ return(columns_of([relation])[0]) }}
{%- endmacro %}


{#- The columns of each relation, in their order. From the catalogue: its views of the standard take ten times as long. -#}
{% macro columns_of(relations) -%}
    {%- set query -%}
        {%- for relation in relations %}
        select
            {{ loop.index0 }} as place,
            attname::text as column_name,
            format_type(atttypid, null) as data_type,
            information_schema._pg_char_max_length(atttypid, atttypmod) as character_maximum_length,
            information_schema._pg_numeric_precision(atttypid, atttypmod) as numeric_precision,
            information_schema._pg_numeric_scale(atttypid, atttypmod) as numeric_scale,
            attnum
        from pg_attribute
        where attrelid = to_regclass('{{ relation.include(database=false) }}') and attnum > 0 and not attisdropped
        {{ 'union all' if not loop.last }}
        {%- endfor %}
        order by place, attnum
    {%- endset -%}
    {%- set found = [] -%}
    {%- for relation in relations -%} {%- do found.append([]) -%} {%- endfor -%}
    {%- call statement('columns', fetch_result=true) -%} {{ query }} {%- endcall -%}
    {%- for row in load_result('columns')['data'] -%}
        {%- do found[row[0]].append(api.Column(row[1], row[2], row[3], row[4], row[5])) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
