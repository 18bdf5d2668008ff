{#-
    Postgres carries the averages along the rows of a window: an aggregate of our own keeps the last value of each, and a
    row costs one multiplication and one addition for each. There is nothing to sort or to join again, so that even the
    longest history streams; and an average that is taken up again at a stored value goes on to the same last bit.
    All averages of one call are one aggregate, made for them before the run: its name holds a hash of what it does.
-#}
{% macro postgres__exponential_averages(relation, series, position, averages) -%}
    {%- set carried = averages[0].name ~ '_carried' -%}
    select
        *
        {%- for average in averages %},
        {{ carried }}[{{ loop.index }}] as {{ average.name }}
        {%- endfor %}
    from (
        select
            *,
            {{ averaging_aggregate(averages).name }}(
                {%- for average in averages %}
                {{ average.addend | indent(16) }}{{ ',' if not loop.last }}
                {%- endfor %}
            ) over (
                partition by {{ series }} order by {{ position }}
                rows between unbounded preceding and current row
            ) as {{ carried }}
        from {{ relation }}
    ) as stepped
{%- endmacro %}


{#- Name and step of the aggregate: from the state, the last values, and one addend each to the next values. -#}
{% macro averaging_aggregate(averages) -%}
    {%- set step -%}
        array[
        {%- for average in averages -%}
            coalesce(last[{{ loop.index }}] * {{ as_double(1 - average.alpha) }} + ${{ loop.index + 1 }}, ${{ loop.index + 1 }})
            {{- ', ' if not loop.last }}
        {%- endfor -%}
        ]
    {%- endset -%}
    {%- set schema = generate_schema_name('intermediate', none) | trim -%}
    {{ return({'schema': schema, 'name': schema ~ '.averages_' ~ local_md5(step)[:12], 'step': step}) }}
{%- endmacro %}


{#- On-run-start: makes the aggregates that are not there yet. -#}
{% macro create_averaging_aggregates() -%}
    {{ return(adapter.dispatch('create_averaging_aggregates', 'marketloom')()) }}
{%- endmacro %}

{% macro default__create_averaging_aggregates() -%} {%- endmacro %}

{% macro postgres__create_averaging_aggregates() -%}
    {%- if execute and flags.WHICH in ['build', 'run', 'test'] %}
    {%- for averages in [exponentially_averaged(), [macd_signal_average()]] %}
    {%- set aggregate = averaging_aggregate(averages) %}
    {%- set addends = (['double precision'] * averages | length) | join(', ') %}
    {%- if not run_query("select 1 where to_regproc('" ~ aggregate.name ~ "') is not null") %}
    create schema if not exists {{ aggregate.schema }};
    create or replace function {{ aggregate.name }}_step(last double precision[], {{ addends }})
    returns double precision[] language plpgsql immutable parallel safe as $step$
    begin
        return {{ aggregate.step }};
    end
    $step$;
    create aggregate {{ aggregate.name }}({{ addends }}) (
        sfunc = {{ aggregate.name }}_step, stype = double precision[], parallel = safe
    );
    {%- endif %}
    {%- endfor %}
    {%- endif %}
{%- endmacro %}
