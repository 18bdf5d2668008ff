{#-
    dbt fills a table that has a contract by an `insert` into an empty one with its keys: one process, which keeps the
    primary key row by row. Here the table is made of the query, by as many processes as Postgres sees fit, and checked
    and indexed once all of it is there. The contract is the same, and so is the transaction.
-#}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- if temporary or not has_contract() -%}
    {{ dbt.postgres__create_table_as(temporary, relation, sql) }}
    {%- else -%}
    {{ get_assert_columns_equivalent(sql) }}
    create {{ 'unlogged ' if config.get('unlogged') }}table {{ relation }} as
    select
        {%- for column in model.columns.values() %}
        cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from (
        {{ sql }}
    ) as model_subq;
    {%- endif -%}
{%- endmacro %}


{#- dbt calls this when a table has just been made, in its transaction. -#}
{% macro postgres__create_indexes(relation) -%}
    {%- if has_contract() and constraints_to_add() -%}
        {%- do run_query('alter table ' ~ relation ~ ' ' ~ constraints_to_add() | join(', ')) -%}
    {%- endif -%}
    {%- do dbt.default__create_indexes(relation) -%}
    {#- Postgres takes them by itself after a minute or many, and until then plans blindly what is built on it. -#}
    {%- do run_query(take_statistics(relation)) -%}
{%- endmacro %}


{% macro has_contract() -%}
    {{ return((config.get('contract') or {}).enforced) }}
{%- endmacro %}


{#- The constraints of the running model, as parts of one `alter table`: Postgres then reads the table once for all. -#}
{% macro constraints_to_add() -%}
    {%- set added = [] -%}
    {%- for column in model.columns.values() -%}
        {%- for constraint in column.constraints -%}
            {%- if constraint.type == 'not_null' -%}
                {%- do added.append('alter column ' ~ column.name ~ ' set not null') -%}
            {%- elif constraint.type == 'check' -%}
                {%- do added.append('add check (' ~ constraint.expression ~ ')') -%}
            {%- else -%}
                {{ exceptions.raise_compiler_error(
                    model.name ~ '.' ~ column.name ~ ': a constraint of type ' ~ constraint.type
                    ~ ' belongs to the model, not to a column'
                ) }}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for constraint in adapter.render_raw_model_constraints(raw_constraints=model.constraints) -%}
        {%- do added.append('add ' ~ constraint) -%}
    {%- endfor -%}
    {{ return(added) }}
{%- endmacro %}
