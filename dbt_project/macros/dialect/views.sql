{#- True if a view was made from what has this digest and is still as it was made. -#}
{% macro is_made_from(relation, digest) -%}
    {{ return(adapter.dispatch('is_made_from', 'marketloom')(relation, digest)) }}
{%- endmacro %}

{% macro default__is_made_from(relation, digest) -%} {{ return(false) }} {%- endmacro %}

{% macro postgres__is_made_from(relation, digest) -%}
    {%- set digests = remembered().get('digests of views', {}) -%}
    {{ return(digests.get(relation.schema ~ '.' ~ relation.identifier) == digest) }}
{%- endmacro %}


{#- On-run-start: asked while no model is being made, since a view cannot be read while a table under it is dropped. -#}
{% macro read_digests_of_views() -%}
    {%- if execute and flags.WHICH not in ['test', 'seed', 'compile', 'generate'] -%}
        {{ return(adapter.dispatch('read_digests_of_views', 'marketloom')()) }}
    {%- endif -%}
{%- endmacro %}

{% macro default__read_digests_of_views() -%} {%- endmacro %}

{% macro postgres__read_digests_of_views() -%}
    {%- set query -%}
        select view_class.relnamespace::regnamespace::text || '.' || view_class.relname, pg_description.description
        from pg_class as view_class
        inner join pg_rewrite on pg_rewrite.ev_class = view_class.oid
        inner join pg_description
            on pg_description.objoid = pg_rewrite.oid and pg_description.classoid = 'pg_rewrite'::regclass
        where
            view_class.relkind = 'v'
            and pg_description.description like '% ' || md5(pg_get_viewdef(view_class.oid))
    {%- endset -%}
    {%- set found = {} -%}
    {%- for name, description in run_query(query).rows -%}
        {%- do found.update({name: description.split(' ')[0]}) -%}
    {%- endfor -%}
    {%- do remembered().update({'digests of views': found}) -%}
{%- endmacro %}


{#- Write that down. On Postgres as a comment on the view's rule, which goes with the view, and is not seen in `\d+`; beside
    the digest stands that of the view as the database reads it, since a rule outlives `create or replace view`. -#}
{% macro note_made_from(relation, digest) -%}
    {{ return(adapter.dispatch('note_made_from', 'marketloom')(relation, digest)) }}
{%- endmacro %}

{% macro default__note_made_from(relation, digest) -%} {%- endmacro %}

{% macro postgres__note_made_from(relation, digest) -%}
    {%- call statement('digest', auto_begin=true) -%}
        do $note$
        begin
            execute format(
                'comment on rule "_RETURN" on {{ relation.schema }}.{{ relation.identifier }} is %L',
                '{{ digest }} ' || md5(pg_get_viewdef('{{ relation.schema }}.{{ relation.identifier }}'::regclass))
            );
        end
        $note$
    {%- endcall -%}
    {%- do adapter.commit() -%}
{%- endmacro %}
