{#-
    Building the past. With the variable `as_of`, the staging views show only rows received by then, and so everything
    downstream is what it would have been: nothing after staging needs to know. The exchange's calendar is exempt,
    since it is published years ahead. The target `as_of` gives the past schemas of its own, and every model is built
    whole (`full_refresh` in dbt_project.yml).
-#}

{#- True for rows that were known at the moment of the build; without `as_of`, all are. -#}
{% macro is_known_by_now(column='_received_at') -%}
    {%- if var('as_of') -%}
        {{ column }} <= cast('{{ var('as_of') }}' as {{ type_timestamp_tz() }})
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{#- Stops a run whose `as_of` cannot be what was meant, before anything is built. -#}
{% macro check_as_of() -%}
    {%- set as_of = var('as_of') -%}
    {%- set example = "--target as_of --vars '{as_of: \"2015-11-30T14:00:00Z\"}'" -%}
    {%- if as_of is none and target.name == 'as_of' -%}
        {{ exceptions.raise_compiler_error('the target as_of builds the past and needs a moment: ' ~ example) }}
    {%- elif as_of is not none and target.name != 'as_of' -%}
        {{ exceptions.raise_compiler_error(
            'as_of would overwrite the present of the target ' ~ target.name ~ ' with the past: use ' ~ example
        ) }}
    {%- elif as_of is not none -%}
        {%- if not is_moment(as_of) -%}
            {{ exceptions.raise_compiler_error(
                'as_of is ' ~ as_of ~ ', which is not a point in time with its zone, in quotes: use ' ~ example
            ) }}
        {%- endif -%}
        {%- if execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] -%}
            {%- set first = run_query(first_receipt()).columns[0].values()[0] -%}
            {%- if not first -%}
                {{ exceptions.raise_compiler_error('nothing has been loaded yet, so there is no past to build: run `marketloom ingest` first') }}
            {%- elif is_before(as_of, first) -%}
                {{ exceptions.raise_compiler_error(
                    'as_of is ' ~ as_of ~ ', but the first row was received at ' ~ first.isoformat()
                    ~ ': nothing was known before; use that moment or a later one'
                ) }}
            {%- endif -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}


{#- True for ISO 8601 text with date, time and zone that names a day there is. -#}
{% macro is_moment(text) -%}
    {%- set pattern = '^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})$' -%}
    {%- set found = modules.re.match(pattern, text) if text is string else none -%}
    {%- if found is none -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set first_of_month = modules.datetime.date(found.group(1) | int, found.group(2) | int, 1) -%}
    {%- set day = first_of_month + modules.datetime.timedelta(days=(found.group(3) | int) - 1) -%}
    {{ return(day.month == first_of_month.month) }}
{%- endmacro %}


{% macro is_before(text, moment) -%}
    {{ return(modules.datetime.datetime.fromisoformat(text | replace('Z', '+00:00')) < moment) }}
{%- endmacro %}


{#- When the first row of any source but the calendar was received. -#}
{% macro first_receipt() -%}
    select min(first_receipt)
    from (
        {%- for source_name, table_names in raw_tables().items() if source_name not in ('calendar', 'ops') %}
        {%- for table_name in table_names %}
        select min(_received_at) as first_receipt from {{ target.database }}.raw_{{ source_name }}.{{ table_name }}
        union all
        {%- endfor %}
        {%- endfor %}
        select null
    ) as receipts
{%- endmacro %}
