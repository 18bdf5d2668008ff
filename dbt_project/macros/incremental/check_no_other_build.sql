{% macro check_no_other_build() -%}
    {%- set writes = execute and flags.WHICH in ['build', 'run', 'retry', 'seed', 'snapshot'] -%}
    {%- if writes -%} {{ return(adapter.dispatch('check_no_other_build', 'marketloom')()) }} {%- endif -%}
{%- endmacro %}

{#-
    The query comment (dbt_project.yml) names the target and the run of each statement. dbt opens a connection for each model, so
    there are moments without one: look for a second. The lock, which ends with the connection, keeps two runs from looking at once.
-#}
{% macro postgres__check_no_other_build() -%}
    {%- set other_runs -%}
        select pg_stat_clear_snapshot(), pg_sleep(0.05);
        select split_part(query, ' ', 6)
        from pg_stat_activity
        where
            datname = current_database()
            and query like '/* dbt %'
            and split_part(query, ' ', 3) = '{{ target.name }}'
            and split_part(query, ' ', 4) = '{{ target.schema }}'
            and split_part(query, ' ', 5) in ('build', 'run', 'retry', 'seed', 'snapshot', 'clone')
            and split_part(query, ' ', 6) != '{{ invocation_id }}'
    {%- endset -%}
    {%- set message = 'another dbt run is writing to the target ' ~ target.name ~ ': run this again when it has finished' -%}
    {#- PostgreSQL shows the statements of a session to the user who logged in, not to the role that dbt sets. -#}
    {%- do run_query('set local role none') -%}
    {%- if not run_query("select pg_try_advisory_lock(hashtext('dbt " ~ target.schema ~ "'))").columns[0][0] -%}
        {{ exceptions.raise_compiler_error(message) }}
    {%- endif -%}
    {%- for _ in range(20) if run_query(other_runs).rows -%} {{ exceptions.raise_compiler_error(message) }} {%- endfor -%}
    {%- if target.role -%} {%- do run_query('set local role ' ~ target.role) -%} {%- endif -%}
{%- endmacro %}
