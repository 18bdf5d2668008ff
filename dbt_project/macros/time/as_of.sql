{% macro is_known_by_now(column='_received_at') -%}
    {%- if var('as_of') -%} {{ column }} <= cast('{{ var('as_of') }}' as {{ type_timestamp_tz() }}) {%- else -%} true {%- endif -%}
{%- endmacro %}

{% macro check_as_of() -%}
    {%- set as_of = var('as_of') -%}
    {%- set reads_rows = execute and flags.WHICH in ['build', 'run', 'test', 'seed', 'snapshot'] -%}
    {%- set first = run_query(first_receipt()).columns[0].values()[0] if as_of and reads_rows and is_moment(as_of) else none -%}
    {%- set problem -%}
        {%- if as_of is none and target.name == 'as_of' -%} the target as_of builds the past and needs a moment
        {%- elif as_of is not none and target.name != 'as_of' -%}
            as_of would overwrite the present of the target {{ target.name }} with the past
        {%- elif as_of is not none and not is_moment(as_of) -%}
            as_of is {{ as_of }}, which is not a point in time with its zone, in quotes
        {%- elif as_of is not none and reads_rows and not first -%}
            nothing has been loaded yet, so there is no past to build: run `marketloom ingest` first, then
        {%- elif first and is_before(as_of, first) -%}
            as_of is {{ as_of }}, but the first row was received at {{ first.isoformat() }}: use that moment or a later one
        {%- endif -%}
    {%- endset -%}
    {%- if problem | trim -%}
        {{ exceptions.raise_compiler_error(problem | trim ~ ': use --target as_of --vars \'{as_of: "2015-11-30T14:00:00Z"}\'') }}
    {%- endif -%}
{%- endmacro %}

{% macro is_moment(text) -%}
    {%- set pattern = '^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})$' -%}
    {%- set found = modules.re.match(pattern, text) if text is string else none -%}
    {%- if found is none -%} {{ return(false) }} {%- endif -%}
    {%- set first_of_month = modules.datetime.date(found.group(1) | int, found.group(2) | int, 1) -%}
    {%- set day = first_of_month + modules.datetime.timedelta(days=(found.group(3) | int) - 1) -%}
    {{ return(day.month == first_of_month.month) }}
{%- endmacro %}

{% macro is_before(text, moment) -%}
    {{ return(modules.datetime.datetime.fromisoformat(text | replace('Z', '+00:00')) < moment) }}
{%- endmacro %}

{% macro first_receipt() -%}
    select min(first_received_at)
    from (
        {%- for source in graph.sources.values() if source.config.event_time and source.source_name != 'raw_ops' %}
        select min({{ source.config.event_time }}) as first_received_at from {{ source.relation_name }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as receipts
{%- endmacro %}
