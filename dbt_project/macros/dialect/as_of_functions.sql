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


{#-
    What is made of `security_versions_as_of` and inlined with it, with the same columns: `securities_as_of(known_at)`,
    the listings believed in at a moment, and `universe_as_of(day, known_at)`, those of them that hold on a day.
-#}
{% macro create_securities_and_universe_as_of() -%}
    {{ return(adapter.dispatch('create_securities_and_universe_as_of', 'marketloom')()) }}
{%- endmacro %}

{% macro default__create_securities_and_universe_as_of() -%}
    {{ exceptions.raise_compiler_error('functions of a moment are not written for ' ~ target.type ~ ' yet') }}
{%- endmacro %}

{% macro postgres__create_securities_and_universe_as_of() -%}
    {%- set schema = adapter.quote(this.schema) -%}
    {%- set securities -%} {{ schema }}.securities_as_of(timestamp with time zone) {%- endset -%}
    {%- set universe -%} {{ schema }}.universe_as_of(date, timestamp with time zone) {%- endset -%}
    {%- set columns = adapter.get_columns_in_relation(this) if execute else [] -%}
    {%- set signature -%}
        {%- for column in columns %}
        {{ adapter.quote(column.name) }} {{ column.data_type }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    drop function if exists {{ securities }};
    create function {{ schema }}.securities_as_of(known_at timestamp with time zone)
    returns table ({{ signature }}
    )
    language sql stable parallel safe

    as $as_of$
        select told.*
        from {{ schema }}.security_versions_as_of(securities_as_of.known_at) as told
        where told.is_current
    $as_of$;
    comment on function {{ securities }} is $comment$One row per security and listing interval, as believed at a moment: select * from marts.securities_as_of('2015-11-30 14:00+00') where ticker = 'AAPL'.$comment$;
    revoke execute on function {{ securities }} from public;
    grant execute on function {{ securities }} to marketloom_analyst;

    drop function if exists {{ universe }};
    create function {{ schema }}.universe_as_of(day date, known_at timestamp with time zone)
    returns table ({{ signature }}
    )
    language sql stable parallel safe

    as $as_of$
        select told.*
        from {{ schema }}.security_versions_as_of(universe_as_of.known_at) as told
        where
            told.is_current
            and told.valid_from <= universe_as_of.day
            and (told.valid_to is null or told.valid_to > universe_as_of.day)
    $as_of$;
    comment on function {{ universe }} is $comment$One row per security listed on a day, as believed at a moment, and companies delisted since are among them: select * from marts.universe_as_of('2015-11-27', '2015-11-30 14:00+00'). Give the moment of the decision, not now.$comment$;
    revoke execute on function {{ universe }} from public;
    grant execute on function {{ universe }} to marketloom_analyst;
{%- endmacro %}
