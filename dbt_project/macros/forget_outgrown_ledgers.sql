{#-
    On-run-start: a full refresh leaves ledgers as they are, since other models write them. One whose columns have other
    types than its properties say is of an earlier version of the project, and goes: with `--full-refresh` all that it
    tells of is made anew.
-#}
{% macro forget_outgrown_ledgers() -%}
    {%- if execute and flags.FULL_REFRESH and flags.WHICH in ['build', 'run'] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.full_refresh is sameas false -%}
            {%- set ledger = adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- set outgrown = [] -%}
            {%- for column in (adapter.get_columns_in_relation(ledger) if ledger else []) -%}
                {%- if node.columns[column.name] and node.columns[column.name].data_type != column.data_type -%}
                    {%- do outgrown.append(column.name) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if outgrown -%}
                {%- do log(ledger ~ ' is of an earlier version (' ~ outgrown | join(', ') ~ '): forgotten', info=true) -%}
                {%- do adapter.drop_relation(ledger) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
