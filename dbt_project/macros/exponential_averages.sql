{#-
    Exponential averages of many series at once, in sets: no recursion, no loop over rows.

    An exponential average is e[t] = (1 - a) * e[t-1] + a * x[t], from a first value e[s] = seed. With r = 1 - a, and
    with the addends u[s] = seed, u[t] = a * x[t] after it and nothing before it, that is e[t] = sum over j <= t of
    r^(t-j) * u[j]. The sum is exact, but to take it for every row from the first one on costs a square. So the rows
    are cut into blocks of L by their number: row t stands in block b at place k, t = b * L + k. Within the block

        r^(t-j) = r^k * r^(-j's place),    so    sum = r^k * running sum of u[j] * r^(-j's place),

    which is one running sum, taken anew in each block. What the blocks before leave behind comes in as one number:

        end[i]   = sum over block i of r^(L - 1 - place) * u,             the block as it stands at its own last row,
        carry[b] = sum over the blocks i < b of r^(L * (b - i - 1)) * end[i],
        e[t]     = r^(k + 1) * carry[b] + r^k * running sum.

    All terms are added, none is taken away: nothing cancels, and with positive x the result is good to a few units in
    the last place, however long the series is.

    Choice of L, the same for all averages of one call, so that one sort serves them all: since
    a <= -ln(1 - a) <= a / (1 - a), a block of L = 69 * (1 - a) / a rows has r^L >= e^-69 = 1e-30 for the largest a:
    weights lie within 1e-30 and 1e30 and nothing over- or underflows (276 rows for a = 1/5, 379 for 2/13). The carry
    takes in every earlier block with r^age >= e^-460 = 1e-200, that is 460 * (1 - a) / a rows back. What is left out
    weighs less than e^(-460 * (1 - a)), 1e-160 for a = 1/5: far below the 1e-15 that a double can tell.

    relation:  rows, with the columns `series`, `position` (whole numbers without gaps) and the addends
    averages:  list of {name, alpha, addend}: the column to give, its a, and the column (or expression) of u
    Gives the columns of the relation, one per average (null before its first addend), and a few that served to get there.

    Where a database can carry a value from row to row, dialect/exponential_averages.sql does without all this.
-#}
{% macro exponential_averages(relation, series, position, averages) -%}
    {{ return(adapter.dispatch('exponential_averages', 'marketloom')(relation, series, position, averages)) }}
{%- endmacro %}

{% macro default__exponential_averages(relation, series, position, averages) -%}
    {%- set steepest = averages | map(attribute='alpha') | max -%}
    {%- set block_length = (69 * (1 - steepest) / steepest) | int -%}
    {%- set block = averages[0].name ~ '_block' -%}
    {%- set place = averages[0].name ~ '_place' -%}
    with located as (
        select
            *,
            floor({{ position }} / {{ block_length }}) as {{ block }},
            {{ position }} - {{ block_length }} * floor({{ position }} / {{ block_length }}) as {{ place }}
            {%- for average in averages %},
            {{ average.addend | indent(8) }} as {{ average.name }}_addend
            {%- endfor %}
        from {{ relation }}
    ),

    blocks as (
        select
            {{ series }},
            {{ block }}
            {%- for average in averages %},
            sum(
                {{ average.name }}_addend
                * power({{ as_double(1 - average.alpha) }}, {{ block_length - 1 }} - {{ place }})
            ) as {{ average.name }}_end
            {%- endfor %}
        from located
        group by {{ series }}, {{ block }}
    ),

    carries as (
        select
            blocks.{{ series }},
            blocks.{{ block }}
            {%- for average in averages %},
            {%- set reach = (460 * (1 - average.alpha) / average.alpha) | int %}
            sum(
                case
                    when {{ block_length }} * (blocks.{{ block }} - earlier.{{ block }} - 1) <= {{ reach }}
                        then earlier.{{ average.name }}_end * power(
                            {{ as_double(1 - average.alpha) }},
                            {{ block_length }} * (blocks.{{ block }} - earlier.{{ block }} - 1)
                        )
                end
            ) as {{ average.name }}_carry
            {%- endfor %}
        from blocks
        inner join blocks as earlier
            on blocks.{{ series }} = earlier.{{ series }} and blocks.{{ block }} > earlier.{{ block }}
        group by blocks.{{ series }}, blocks.{{ block }}
    )

    select
        located.*
        {%- for average in averages %},
        {%- set ratio = as_double(1 - average.alpha) %}
        power({{ ratio }}, located.{{ place }}) * sum(
            located.{{ average.name }}_addend * power({{ ratio }}, -located.{{ place }})
        ) over places
        + coalesce(power({{ ratio }}, located.{{ place }} + 1) * carries.{{ average.name }}_carry, 0)
            as {{ average.name }}
        {%- endfor %}
    from located
    left join carries on located.{{ series }} = carries.{{ series }} and located.{{ block }} = carries.{{ block }}
    window places as (
        partition by located.{{ series }}, located.{{ block }} order by located.{{ position }}
        rows between unbounded preceding and current row
    )
{%- endmacro %}


{#- A number that Jinja has worked out, to the last bit. -#}
{% macro as_double(number) -%}
    cast({{ number }} as {{ type_double() }})
{%- endmacro %}
