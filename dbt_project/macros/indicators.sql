{#-
    What fct_daily_indicators is made with. `bar_number` counts a security's own bars from 1, so that "null while
    warming up" is a comparison of numbers.
-#}

{#- Bars that the longest window needs before the first row it is asked for. -#}
{% macro indicator_history_bars() -%}
    {{ return(252) }}
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
                when bar_number < carried_bar_number then null
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
