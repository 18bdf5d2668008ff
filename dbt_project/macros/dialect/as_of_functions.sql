{#-
    The mart of the running model as a function of a moment: `<schema>.<name>(as_of timestamp)`, with the mart's columns.
    `body` is one select over the versions, in which `as_of` is the moment. On PostgreSQL a function of this shape (one
    stable select, neither strict nor of another's rights) is inlined: conditions on its result reach the indexes of
    the versions. To be run after the model; what the function's text names must be readable by whoever calls it.
-#}
{% macro create_as_of_function(name, body, comment) -%}
    {{ return(adapter.dispatch('create_as_of_function', 'marketloom')(name, body, comment)) }}
{%- endmacro %}

{% macro default__create_as_of_function(name, body, comment) -%}
    {{ exceptions.raise_compiler_error('functions of a moment are not written for ' ~ target.type ~ ' yet') }}
{%- endmacro %}

{% macro postgres__create_as_of_function(name, body, comment) -%}
    {%- set signature -%} {{ adapter.quote(this.schema) }}.{{ name }}(timestamp with time zone) {%- endset -%}
    {%- set columns = adapter.get_columns_in_relation(this) if execute else [] -%}
    drop function if exists {{ signature }};
    create function {{ adapter.quote(this.schema) }}.{{ name }}(as_of timestamp with time zone)
    returns table (
        {%- for column in columns %}
        {{ adapter.quote(column.name) }} {{ column.data_type }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    language sql stable parallel safe

    as $as_of$
        select
            {%- for column in columns %}
            told.{{ adapter.quote(column.name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            {{ body }}
        ) as told
    $as_of$;
    comment on function {{ signature }} is $comment${{ comment }}$comment$;
    revoke execute on function {{ signature }} from public;
    grant execute on function {{ signature }} to marketloom_analyst;
{%- endmacro %}
