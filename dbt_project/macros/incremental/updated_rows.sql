{% macro reads_only_updates(parents) -%}
    {%- if not (execute and is_incremental()) -%} {{ return(false) }} {%- endif -%}
    {%- for parent in parents -%}
        {%- set oldest = run_query('select min(_updated_at) from ' ~ parent).columns[0][0] -%}
        {%- if oldest is not none and oldest > watermark() -%}
            {%- do log(this ~ ' reads all of ' ~ parent ~ ', every row of which is newer', info=true) -%}
            {{ return(false) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(true) }}
{%- endmacro %}

{% macro is_updated(alias=none, column='_updated_at') -%}
    {{ alias ~ '.' if alias }}{{ column }} > cast('{{ watermark().isoformat() }}' as {{ type_timestamp_tz() }})
{%- endmacro %}

{% macro watermark() -%}
    {{ return(run_query('select coalesce(max(_updated_at), ' ~ beginning_of_time() ~ ') from ' ~ this).columns[0][0]) }}
{%- endmacro %}

{% macro beginning_of_time() -%} cast('1900-01-01 00:00+00' as {{ type_timestamp_tz() }}) {%- endmacro %}
