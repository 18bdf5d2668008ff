{#-
    What fct_daily_indicators is made with. `bar_number` counts a security's own bars from 1, so that "null while
    warming up" is a comparison of numbers.
-#}

{#-
    After this bar averages go on from their last values. Those seeded later take the mean of all closes when they begin:
    `late_seeds` are the bars on which they do. MACD's signal is seeded by a mean of other averages.
-#}
{% macro indicator_seeding_bars() -%}
    {{ return(macd_signal_average().first) }}
{%- endmacro %}

{% macro late_seeds() -%}
    {{ return(exponentially_averaged() | map(attribute='first') | select('gt', indicator_seeding_bars()) | unique | list) }}
{%- endmacro %}


{#-
    What fct_daily_indicators takes from the last bars of a security: `aggregate` over the last `length` bars, this one
    included, and, in `<name>_<places>_before`, what that was so many bars ago. Long frames are made of shorter ones.
-#}
{% macro indicator_frames() -%}
    {{ return([
        {'name': 'close_price', 'aggregate': 'max(close_price)', 'length': 1, 'before': [1, 2, 3, 4, 5, 20, 60, 252]},
        {'name': 'close_sum_5', 'aggregate': 'sum(close_price)', 'length': 5},
        {'name': 'close_sum_10', 'aggregate': 'sum(close_price)', 'length': 10},
        {'name': 'lowest_14', 'aggregate': 'min(low_price)', 'length': 14, 'before': [1, 2, 3, 4]},
        {'name': 'highest_14', 'aggregate': 'max(high_price)', 'length': 14, 'before': [1, 2, 3, 4]},
        {'name': 'inflow_14', 'aggregate': 'sum(inflow)', 'length': 14},
        {'name': 'outflow_14', 'aggregate': 'sum(outflow)', 'length': 14},
        {'name': 'close_sum_20', 'aggregate': 'sum(close_price)', 'length': 20},
        {'name': 'close_deviation_20', 'aggregate': 'stddev_pop(close_price)', 'length': 20},
        {'name': 'log_return_deviation_20', 'aggregate': 'stddev_samp(log_return_1)', 'length': 20},
        {'name': 'volume_mean_20', 'aggregate': 'avg(volume)', 'length': 20},
        {'name': 'volume_deviation_20', 'aggregate': 'stddev_samp(volume)', 'length': 20},
        {'name': 'lowest_volume_20', 'aggregate': 'min(volume)', 'length': 20},
        {'name': 'highest_volume_20', 'aggregate': 'max(volume)', 'length': 20},
        {'name': 'close_sum_50', 'aggregate': 'sum(close_price)', 'length': 50, 'before': [50, 100, 150]},
        {'name': 'log_return_deviation_60', 'aggregate': 'stddev_samp(log_return_1)', 'length': 60},
        {'name': 'slope_60', 'aggregate': 'regr_slope(simple_return_1, market_return)', 'length': 60},
        {'name': 'correlation', 'aggregate': 'corr(simple_return_1, market_return)', 'length': 60},
        {'name': 'pair_count_60', 'aggregate': 'count(market_return)', 'length': 60},
        {'name': 'highest_63', 'aggregate': 'max(high_price)', 'length': 63, 'before': [63, 126, 189]},
        {'name': 'lowest_63', 'aggregate': 'min(low_price)', 'length': 63, 'before': [63, 126, 189]},
    ]) }}
{%- endmacro %}


{#- `bars` with what one bar and the one before it tell. -#}
{% macro stepped_bars(bars) -%}
    select
        *,
        close_price / previous_close_price - 1 as simple_return_1,
        ln(close_price / previous_close_price) as log_return_1,
        case
            when {{ prices_differ('typical_price', 'previous_typical_price') }} and typical_price > previous_typical_price
                then typical_price * volume
            else 0
        end as inflow,
        case
            when {{ prices_differ('typical_price', 'previous_typical_price') }} and typical_price < previous_typical_price
                then typical_price * volume
            else 0
        end as outflow
    from (
        select
            *,
            lag(typical_price) over (partition by security_key order by bar_number) as previous_typical_price
        from (
            select
                *,
                (high_price + low_price + close_price) / 3 as typical_price
            from {{ bars }}
        ) as typified
    ) as paired
{%- endmacro %}


{#-
    The frames of all of `bars` (as `stepped_bars` gives them), by windows. Databases sum floats of a moving frame anew
    for each row: nothing is carried along in it, and the value depends on the bars in the frame alone.
-#}
{% macro framed_by_windows(bars) -%}
    select
        *
        {%- for frame in indicator_frames() %}
        {%- for places in frame.before | default([]) %},
        lag({{ frame.name }}, {{ places }}) over (partition by security_key order by bar_number)
            as {{ frame.name }}_{{ places }}_before
        {%- endfor %}
        {%- endfor %}
    from (
        select
            *
            {%- for frame in indicator_frames() if frame.length > 1 %},
            {{ frame.aggregate }} over last_{{ frame.length }} as {{ frame.name }}
            {%- endfor %}
        from {{ bars }}
        window
            {%- for length in indicator_frames() | map(attribute='length') | unique if length > 1 %}
            last_{{ length }} as (
                partition by security_key order by bar_number
                rows between {{ length - 1 }} preceding and current row
            ){{ ',' if not loop.last }}
            {%- endfor %}
    ) as framed
{%- endmacro %}


{#-
    The averages that fct_daily_indicators carries from one bar to the next, as TA-Lib seeds them: `seed` is the column
    that holds the first value at bar `first`, `input` the column averaged from the bar after it on.
    MACD's fast average starts together with the slow one, on the mean of the twelve bars to bar 26: TA-Lib aligns
    them so. Its signal is averaged in a second call, from the values that the first one gives.
-#}
{% macro exponentially_averaged() -%}
    {{ return([
        {'name': 'ema_12', 'alpha': 2 / 13, 'first': 12, 'input': 'close_price', 'seed': 'close_mean'},
        {'name': 'ema_26', 'alpha': 2 / 27, 'first': 26, 'input': 'close_price', 'seed': 'close_mean'},
        {'name': 'ema_50', 'alpha': 2 / 51, 'first': 50, 'input': 'close_price', 'seed': 'close_mean'},
        {'name': 'ema_200', 'alpha': 2 / 201, 'first': 200, 'input': 'close_price', 'seed': 'close_mean'},
        {'name': 'macd_fast', 'alpha': 2 / 13, 'first': 26, 'input': 'close_price', 'seed': 'macd_fast_seed'},
        {'name': 'average_gain_14', 'alpha': 1 / 14, 'first': 15, 'input': 'gain', 'seed': 'gain_mean'},
        {'name': 'average_loss_14', 'alpha': 1 / 14, 'first': 15, 'input': 'loss', 'seed': 'loss_mean'},
        {'name': 'atr_14', 'alpha': 1 / 14, 'first': 15, 'input': 'true_range', 'seed': 'true_range_mean'},
    ]) }}
{%- endmacro %}

{% macro macd_signal_average() -%}
    {{ return({'name': 'macd_signal', 'alpha': 2 / 10, 'first': 34, 'input': 'macd', 'seed': 'macd_mean'}) }}
{%- endmacro %}


{#-
    Averages as `exponential_averages` takes them. Where the running build has only the newest bars of a security, a
    column `carried_bar_number` says from which stored bar to go on, and `carried_<name>` holds what stands there.
-#}
{% macro with_addends(averages) -%}
    {%- set ready = [] -%}
    {%- for average in averages -%}
        {%- set addend -%}
            case
                {%- if is_incremental() %}
                when bar_number = carried_bar_number then carried_{{ average.name }}
                {%- endif %}
                when bar_number = {{ average.first }} then {{ average.seed }}
                when bar_number > {{ average.first }} then {{ average.input }} * {{ as_double(average.alpha) }}
            end
        {%- endset -%}
        {%- do ready.append({'name': average.name, 'alpha': average.alpha, 'addend': addend}) -%}
    {%- endfor -%}
    {{ return(ready) }}
{%- endmacro %}


{#- `expression`, which looks back over `bars` bars, this one included; null before the security has so many. -#}
{% macro once_warm(bars, expression) -%}
    case when bar_number >= {{ bars }} then {{ expression }} end
{%- endmacro %}


{#-
    True where two prices differ by more than a computer's rounding. (10.10 + 10.05 + 10.05) / 3 and
    (10.10 + 10.00 + 10.10) / 3 are one price, but not one double: as TA-Lib does, take them as equal.
-#}
{% macro prices_differ(one, other) -%}
    abs({{ one }} - {{ other }}) > 1e-14 * ({{ one }} + {{ other }})
{%- endmacro %}


{#- Numbered bars, each with the return of the market from the bar before it: over a gap, that of all sessions in it. -#}
{% macro marketed_bars(bars, market) -%}
    select
        numbered.*,
        case
            when numbered.session_number - numbered.previous_session_number = 1 then now.market_return
            when now.return_count_so_far > before.return_count_so_far
                then exp(cast(now.log_return_so_far - before.log_return_so_far as {{ type_double() }})) - 1
        end as market_return
    from {{ bars }} as numbered
    left join {{ market }} as now on numbered.session_number = now.session_number
    left join {{ market }} as before on numbered.previous_session_number = before.session_number
{%- endmacro %}


{#- Where the close lies between the lowest and the highest price of 14 bars, in percent; `before` as in their names. -#}
{% macro fast_k(before) -%}
    100 * ((close_price{{ before }} - lowest_14{{ before }}) / (highest_14{{ before }} - lowest_14{{ before }}))
{%- endmacro %}
