{#- What sqlfluff renders in place of macros/incremental/, some of which ask a database: the branch of an incremental build. -#}
{% macro new_loads(sources) -%}
    select
        source_name,
        load_id,
        finished_at
    from finished_loads
{%- endmacro %}

{% macro reads_only_updates(parents) -%} true {%- endmacro %}

{% macro is_updated(alias=none, column='_updated_at') -%}
    {{ alias ~ '.' if alias }}{{ column }} > '2020-01-01'
{%- endmacro %}

{% macro changed_rows(new_rows, key, built=none) -%}
    select
        new_rows.*,
        built.is_deleted
    from {{ new_rows }} as new_rows
    left join {{ built or this }} as built on {{ is_same('new_rows', 'built', key) }}
{%- endmacro %}

{% macro is_in_test_scope(column='_updated_at') -%} {{ column }} > '2020-01-01' {%- endmacro %}
