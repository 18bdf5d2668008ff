{% macro exponential_average(addend, alpha, over) -%}
    {{ return(adapter.dispatch('exponential_average', 'marketloom')(addend, alpha, over)) }}
{%- endmacro %}

{% macro postgres__exponential_average(addend, alpha, over) -%}
    {{ generate_schema_name('intermediate', none) | trim }}.exponential_average(
        {{ addend | trim | indent(8) }}, {{ as_double(1 - alpha) }}
    ) over {{ over }}
{%- endmacro %}

{% macro as_double(number) -%} cast({{ number }} as {{ type_double() }}) {%- endmacro %}

{% macro create_exponential_average() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'retry', 'test'] -%}
        {{ return(adapter.dispatch('create_exponential_average', 'marketloom')()) }}
    {%- endif -%}
{%- endmacro %}

{#- Carried from row to row, the average continues from a stored value to the last bit. A product below the smallest double is an error. -#}
{% macro postgres__create_exponential_average() -%}
    {%- set schema = generate_schema_name('intermediate', none) | trim -%}
    {%- if not run_query("select 1 where to_regproc('" ~ schema ~ ".exponential_average') is not null").rows -%}
        create schema if not exists {{ schema }};
        create or replace function {{ schema }}.exponential_average_step(
            last double precision, addend double precision, ratio double precision
        ) returns double precision language plpgsql immutable parallel safe as $step$
        begin
            return coalesce(case when abs(last) > 1e-290 then last * ratio else 0 end + addend, addend);
        end
        $step$;
        create or replace aggregate {{ schema }}.exponential_average(double precision, double precision) (
            sfunc = {{ schema }}.exponential_average_step, stype = double precision, parallel = safe
        );
    {%- endif -%}
{%- endmacro %}
