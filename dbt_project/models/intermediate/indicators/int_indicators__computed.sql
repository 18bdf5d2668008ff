{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[
            {'columns': ['security_key', 'trading_date'], 'unique': true},
            {'columns': ['ticker', 'trading_date']},
            {'columns': ['trading_date']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- An incremental build computes a security again from its first bar that changed, or whose market did. Exponential
-- averages and running sums continue from the stored row before it; windows read the 252 bars before it. A window over
-- the last bars costs the length of its frame for every row, also for the bars that are only read. So where few bars of
-- a security changed (`is_short`), each is joined to its last bars instead, and these are added up once.

{%- set only_updates = reads_only_updates([ref('int_bars__sequenced'), ref('int_market_returns__averaged')]) %}

{#- As TA-Lib seeds them: `seed` is the first value, at bar `first`; `input` is averaged from the bar after it on.
    MACD's fast average starts together with the slow one, on the mean of the twelve bars to bar 26. -#}
{%- set averages = [
    {'name': 'ema_12', 'alpha': 2 / 13, 'first': 12, 'input': 'close_price', 'seed': 'close_mean'},
    {'name': 'ema_26', 'alpha': 2 / 27, 'first': 26, 'input': 'close_price', 'seed': 'close_mean'},
    {'name': 'ema_50', 'alpha': 2 / 51, 'first': 50, 'input': 'close_price', 'seed': 'close_mean'},
    {'name': 'ema_200', 'alpha': 2 / 201, 'first': 200, 'input': 'close_price', 'seed': 'close_mean'},
    {'name': 'macd_fast', 'alpha': 2 / 13, 'first': 26, 'input': 'close_price', 'seed': 'macd_fast_seed'},
    {'name': 'average_gain_14', 'alpha': 1 / 14, 'first': 15, 'input': 'gain', 'seed': 'gain_mean'},
    {'name': 'average_loss_14', 'alpha': 1 / 14, 'first': 15, 'input': 'loss', 'seed': 'loss_mean'},
    {'name': 'atr_14', 'alpha': 1 / 14, 'first': 15, 'input': 'true_range', 'seed': 'true_range_mean'},
] %}
{%- set signal_average = {'name': 'macd_signal', 'alpha': 2 / 10, 'first': 34, 'input': 'macd', 'seed': 'macd_mean'} %}
{%- set carried_columns = averages | map(attribute='name') | list + ['macd_signal', 'obv'] %}

{#- Aggregates over frames: name, function, input, number of bars, and how many bars before this one the frame ends. -#}
{%- set frames = [
    ('close_sum_5', 'sum', 'close_price', 5, 0),
    ('close_sum_10', 'sum', 'close_price', 10, 0),
    ('lowest_14', 'min', 'low_price', 14, 0),
    ('highest_14', 'max', 'high_price', 14, 0),
    ('inflow_14', 'sum', 'inflow', 14, 0),
    ('outflow_14', 'sum', 'outflow', 14, 0),
    ('close_sum_20', 'sum', 'close_price', 20, 0),
    ('close_deviation_20', 'stddev_pop', 'close_price', 20, 0),
    ('log_return_deviation_20', 'stddev_samp', 'log_return_1', 20, 0),
    ('volume_mean_20', 'avg', 'volume', 20, 0),
    ('volume_deviation_20', 'stddev_samp', 'volume', 20, 0),
    ('lowest_volume_20', 'min', 'volume', 20, 0),
    ('highest_volume_20', 'max', 'volume', 20, 0),
    ('close_sum_50', 'sum', 'close_price', 50, 0),
    ('log_return_deviation_60', 'stddev_samp', 'log_return_1', 60, 0),
    ('slope_60', 'regr_slope', 'simple_return_1', 60, 0),
    ('correlation', 'corr', 'simple_return_1', 60, 0),
    ('pair_count_60', 'count', 'market_return', 60, 0),
    ('highest_63', 'max', 'high_price', 63, 0),
    ('lowest_63', 'min', 'low_price', 63, 0),
] %}
{#- The same of earlier frames, also by the column of `frames`, or of bars, that they repeat. -#}
{%- set lags, near_frames, far_frames = [], frames | list, [] %}
{%- for column, function, input, bars, distances in [
    ('close_price', 'max', 'close_price', 1, [5, 20, 60, 252]),
    ('close_sum_50', 'sum', 'close_price', 50, [50, 100, 150]),
    ('highest_63', 'max', 'high_price', 63, [63, 126, 189]),
    ('lowest_63', 'min', 'low_price', 63, [63, 126, 189]),
] %}
{%- for distance in distances %}
{%- set name = column ~ '_' ~ distance ~ '_before' %}
{%- do lags.append((name, column, distance)) %}
{%- do (near_frames if distance + bars <= 63 else far_frames).append((name, function, input, bars, distance)) %}
{%- endfor %}
{%- endfor %}
{%- for average in averages + [signal_average] %}
{%- set addend %}
    case
        when bar_number < carried_bar_number then null
        when bar_number = carried_bar_number then carried_{{ average.name }}
        when bar_number = {{ average.first }} then {{ average.seed }}
        when bar_number > {{ average.first }} then {{ average.input }} * {{ as_double(average.alpha) }}
    end
{%- endset %}
{%- do average.update({'addend': addend}) %}
{%- endfor %}

{#- A step that is read several times would be copied whole, so each reads the table by its indexes. -#}
{%- set bars -%}
(
    select
        security_key,
        ticker,
        trading_date,
        session_number,
        bar_number,
        previous_session_number,
        session_before_gap,
        open_price * split_factor as open_price,
        high_price * split_factor as high_price,
        low_price * split_factor as low_price,
        close_price * split_factor as close_price,
        previous_adjusted_close_price as previous_close_price,
        volume / split_factor as volume,
        adjusted_known_from as known_from
    from {{ ref('int_bars__sequenced') }}
    where bar_number is not null and not is_deleted
) as usable_bars
{%- endset %}

with market as (
    select * from {{ ref('int_market_returns__averaged') }}
    where not is_deleted
),

gap_sessions as (
    select * from {{ ref('int_market_returns__averaged') }}
    where market_return is not null and not is_deleted
),

{% if only_updates -%}
changed_markets as (
    select session_number
    from {{ ref('int_market_returns__averaged') }}
    where {{ is_updated(column='_market_return_updated_at') }} or ({{ is_updated() }} and is_deleted)
),

gapped_bars as (
    select * from {{ bars | indent }}
    where session_before_gap is not null
),

-- A changed bar changes all that follow; a changed market, the 60 bars whose beta it enters.
changes as (
    select
        security_key,
        trading_date,
        cast(null as {{ dbt.type_int() }}) as last_bar_number
    from {{ ref('int_bars__sequenced') }}
    where {{ is_updated() }}
    union all
    select
        security_key,
        trading_date,
        bar_number + 59 as last_bar_number
    from {{ bars | indent }}
    where {{ in_array('session_number', 'select changed_markets.session_number from changed_markets') }}
    union all
    select
        gapped_bars.security_key,
        gapped_bars.trading_date,
        gapped_bars.bar_number + 59 as last_bar_number
    from changed_markets
    inner join gapped_bars
        on
            changed_markets.session_number > gapped_bars.session_before_gap
            and changed_markets.session_number < gapped_bars.session_number
),

stretches as (
    select
        security_key,
        min(trading_date) as first_date,
        case when count(last_bar_number) = count(*) then max(last_bar_number) end as last_bar_number
    from changes
    group by security_key
),

starts as (
    select
        stretches.security_key,
        stretches.first_date,
        stretches.last_bar_number,
        {%- for column in carried_columns %}
        carried.{{ column }} as carried_{{ column }},
        {%- endfor %}
        carried.bar_number as carried_bar_number,
        carried.known_from as carried_known_from,
        coalesce(stretches.last_bar_number, newest.bar_number) - coalesce(carried.bar_number, 0) <= 10 as is_short
    from stretches
    {{ lateral_join(
        this, 'carried',
        'carried.security_key = stretches.security_key and carried.trading_date < stretches.first_date'
        ~ ' and not carried.is_deleted',
        kind='left', order_by='trading_date desc', limit=1
    ) }}
    {{ lateral_join(
        bars, 'newest', 'newest.security_key = stretches.security_key', kind='left', order_by='trading_date desc', limit=1
    ) }}
),

built as (
    select built.*
    from starts
    {{ lateral_join(
        this, 'built',
        'built.security_key = starts.security_key and built.trading_date >= starts.first_date'
        ~ ' and (starts.last_bar_number is null or built.bar_number <= starts.last_bar_number)'
    ) }}
),

series as (
    select
        bars.*,
        {%- for column in carried_columns %}
        starts.carried_{{ column }},
        {%- endfor %}
        starts.carried_known_from,
        -- The first bars seed the averages, so these begin again from the first one.
        case when starts.carried_bar_number >= {{ signal_average.first }} then starts.carried_bar_number end
            as carried_bar_number,
        bars.trading_date >= starts.first_date as is_wanted,
        starts.is_short
    from starts
    {{ lateral_join(
        bars, 'bars',
        'bars.security_key = starts.security_key'
        ~ ' and bars.bar_number >= coalesce(starts.carried_bar_number - case when starts.is_short then 62 else 251 end, 1)'
        ~ ' and (starts.last_bar_number is null or bars.bar_number <= starts.last_bar_number)'
    ) }}
),

{% else -%}
series as (
    select
        *,
        {%- for column in carried_columns %}
        cast(null as {{ type_double() }}) as carried_{{ column }},
        {%- endfor %}
        cast(null as {{ type_timestamp_tz() }}) as carried_known_from,
        cast(null as {{ dbt.type_int() }}) as carried_bar_number,
        true as is_wanted,
        false as is_short
    from {{ bars | indent }}
),

{% endif -%}
-- Over a gap, the market's return is that of all sessions in it.
gap_returns as (
    select
        series.security_key,
        series.bar_number,
        exp(cast(sum(cast(ln(1 + gap_sessions.market_return) as decimal(38, 15))) as {{ type_double() }})) - 1
            as market_return
    from series
    inner join gap_sessions
        on
            series.session_before_gap < gap_sessions.session_number
            and series.session_number >= gap_sessions.session_number
    group by series.security_key, series.bar_number
),

-- From one bar to the next.
stepped as (
    select
        series.*,
        case
            when series.session_before_gap is not null then gap_returns.market_return
            when series.bar_number > 1 then market.market_return
        end as market_return,
        series.close_price / series.previous_close_price - 1 as simple_return_1,
        ln(series.close_price / series.previous_close_price) as log_return_1,
        series.open_price / series.previous_close_price - 1 as gap_return,
        greatest(series.close_price - series.previous_close_price, 0) as gain,
        greatest(series.previous_close_price - series.close_price, 0) as loss,
        case
            when series.bar_number > 1
                then greatest(series.high_price, series.previous_close_price)
                    - least(series.low_price, series.previous_close_price)
        end as true_range,
        (series.high_price + series.low_price + series.close_price) / 3 as typical_price,
        case
            when series.bar_number < series.carried_bar_number then null
            when series.bar_number = series.carried_bar_number then series.carried_obv
            when series.bar_number = 1 or series.close_price > series.previous_close_price then series.volume
            when series.close_price < series.previous_close_price then -series.volume
            else 0
        end as volume_on_balance,
        case
            when series.bar_number < series.carried_bar_number then null
            when series.bar_number = series.carried_bar_number then series.carried_known_from
            else series.known_from
        end as learned_at
    from series
    left join market on series.session_number = market.session_number
    left join gap_returns
        on series.security_key = gap_returns.security_key and series.bar_number = gap_returns.bar_number
),

-- Two typical prices that differ only by rounding are equal, as in TA-Lib.
flowing as (
    select
        *,
        case
            when typical_price - lag(typical_price) over bars_in_order
                > 1e-14 * (typical_price + lag(typical_price) over bars_in_order)
                then typical_price * volume
            else 0
        end as inflow,
        case
            when lag(typical_price) over bars_in_order - typical_price
                > 1e-14 * (typical_price + lag(typical_price) over bars_in_order)
                then typical_price * volume
            else 0
        end as outflow
    from stepped
    window bars_in_order as (partition by security_key order by bar_number)
),

-- From the first bar on, or from the carried one. Where few bars changed, the four bars before the carried one have
-- nothing to add; they have the values of the stochastic oscillator that are averaged with the changed ones.
running as (
    select
        *,
        avg(close_price) over so_far as close_mean,
        avg(case when bar_number > 14 then close_price end) over so_far as macd_fast_seed,
        avg(case when bar_number > 1 then gain end) over so_far as gain_mean,
        avg(case when bar_number > 1 then loss end) over so_far as loss_mean,
        avg(true_range) over so_far as true_range_mean,
        sum(volume_on_balance) over so_far as obv,
        max(learned_at) over so_far as known_throughout_from
    from flowing
    where carried_bar_number is null or not is_short or bar_number >= carried_bar_number - 4
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

averaged as (
    select
        {%- for average in averages %}
        {{ exponential_average(average.addend, average.alpha, over='so_far') | indent(8) }} as {{ average.name }},
        {%- endfor %}
        running.*
    from running
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

-- MACD's signal is an average of the difference of two averages.
macd_averaged as (
    select
        averaged.*,
        averaged.macd_fast - averaged.ema_26 as macd,
        avg(case when averaged.bar_number between 26 and 34 then averaged.macd_fast - averaged.ema_26 end) over so_far
            as macd_mean
    from averaged
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

signalled as (
    select
        *,
        {{ exponential_average(signal_average.addend, signal_average.alpha, over='so_far') | indent(8) }} as macd_signal
    from macd_averaged
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

{% if only_updates -%}
-- Each of few changed bars with its last bars, which are added up in the order of the frames below.
last_bars as (
    select
        changed_bars.bar_number as last_bar_number,
        flowing.*
    from signalled as changed_bars
    inner join flowing
        on
            changed_bars.security_key = flowing.security_key
            and changed_bars.bar_number >= flowing.bar_number
            and changed_bars.bar_number - case when changed_bars.is_wanted then 62 else 13 end <= flowing.bar_number
    where changed_bars.is_short
),

far_bars as (
    select
        changed_bars.bar_number as last_bar_number,
        far_bars.*
    from signalled as changed_bars
    {{ lateral_join(
        bars, 'far_bars',
        'far_bars.security_key = changed_bars.security_key'
        ~ ' and far_bars.bar_number between changed_bars.bar_number - 252 and changed_bars.bar_number - 50'
    ) }}
    where changed_bars.is_short and changed_bars.is_wanted
),

added_up as (
    select
        {%- for name, function, input, bars, before in near_frames %}
        {{ function }}(
            case
                when bar_number between last_bar_number - {{ before + bars - 1 }} and last_bar_number - {{ before }}
                    then {{ input }}
            end{{ ', market_return' if function in ['regr_slope', 'corr'] }}
        ) over so_far as {{ name }},
        {%- endfor %}
        security_key,
        last_bar_number,
        bar_number
    from last_bars
    window
        so_far as (
            partition by security_key, last_bar_number order by bar_number
            rows between unbounded preceding and current row
        )
),

far_added_up as (
    select
        {%- for name, function, input, bars, before in far_frames %}
        {{ function }}(
            case
                when bar_number between last_bar_number - {{ before + bars - 1 }} and last_bar_number - {{ before }}
                    then {{ input }}
            end
        ) over so_far as {{ name }},
        {%- endfor %}
        security_key,
        last_bar_number,
        bar_number
    from far_bars
    window
        so_far as (
            partition by security_key, last_bar_number order by bar_number
            rows between unbounded preceding and current row
        )
),

{% endif -%}
-- Over the last bars. A database sums the floats of a moving frame again for each row, so that a value depends on the
-- bars in its frame alone.
framed as (
    select
        {%- for name, function, input, bars, _ in frames %}
        {{ function }}({{ input }}{{ ', market_return' if function in ['regr_slope', 'corr'] }})
            over last_{{ bars }} as {{ name }},
        {%- endfor %}
        signalled.*
    from signalled
    {%- if only_updates %}
    where not signalled.is_short
    {%- endif %}
    window
        {%- for count in [5, 10, 14, 20, 50, 60] %}
        last_{{ count }} as (
            partition by security_key order by bar_number rows between {{ count - 1 }} preceding and current row
        ),
        {%- endfor %}
        last_63 as (partition by security_key order by bar_number rows between 62 preceding and current row)
),

lagged as (
    select
        {%- for name, column, distance in lags %}
        lag({{ column }}, {{ distance }}) over bars_in_order as {{ name }},
        {%- endfor %}
        framed.*
    from framed
    window bars_in_order as (partition by security_key order by bar_number)
    {%- if only_updates %}
    union all
    select
        {%- for name in lags | map(attribute=0) | list + frames | map(attribute=0) | list %}
        {{ 'far_' if name in far_frames | map(attribute=0) }}added_up.{{ name }},
        {%- endfor %}
        signalled.*
    from signalled
    inner join added_up
        on
            signalled.security_key = added_up.security_key
            and signalled.bar_number = added_up.last_bar_number
            and signalled.bar_number = added_up.bar_number
    left join far_added_up
        on
            signalled.security_key = far_added_up.security_key
            and signalled.bar_number = far_added_up.last_bar_number
            and signalled.bar_number - 50 = far_added_up.bar_number
    where signalled.is_short
    {%- endif %}
),

stochastic as (
    select
        *,
        greatest(highest_63, highest_63_63_before, highest_63_126_before, highest_63_189_before) as highest_252,
        least(lowest_63, lowest_63_63_before, lowest_63_126_before, lowest_63_189_before) as lowest_252,
        -- Where the close lies between the lowest and the highest price of 14 bars, in percent.
        case
            when highest_14 - lowest_14 > 1e-14 * (highest_14 + lowest_14)
                then 100 * ((close_price - lowest_14) / (highest_14 - lowest_14))
            else 0
        end as fast_k
    from lagged
),

smoothed as (
    select
        *,
        (lag(fast_k, 2) over bars_in_order + lag(fast_k) over bars_in_order + fast_k) / 3 as slow_k
    from stochastic
    window bars_in_order as (partition by security_key order by bar_number)
),

finished as (
    select
        *,
        (lag(slow_k, 2) over bars_in_order + lag(slow_k) over bars_in_order + slow_k) / 3 as slow_d
    from smoothed
    window bars_in_order as (partition by security_key order by bar_number)
),

indicators as (
    select
        security_key,
        ticker,
        trading_date,
        bar_number,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        market_return,
        simple_return_1,
        log_return_1,
        {%- for count in [5, 20, 60, 252] %}
        close_price / close_price_{{ count }}_before - 1 as simple_return_{{ count }},
        ln(close_price / close_price_{{ count }}_before) as log_return_{{ count }},
        {%- endfor %}
        gap_return,
        {%- for count in [5, 10, 20, 50] %}
        case when bar_number >= {{ count }} then close_sum_{{ count }} / {{ count }} end as sma_{{ count }},
        {%- endfor %}
        case when bar_number >= 100 then (close_sum_50 + close_sum_50_50_before) / 100 end as sma_100,
        case
            when bar_number >= 200
                then (close_sum_50 + close_sum_50_50_before + close_sum_50_100_before + close_sum_50_150_before) / 200
        end as sma_200,
        ema_12,
        ema_26,
        ema_50,
        ema_200,
        case when bar_number >= 34 then macd end as macd,
        macd_signal,
        macd - macd_signal as macd_histogram,
        macd_fast,
        case
            when average_gain_14 + average_loss_14 > 0
                then 100 * (average_gain_14 / (average_gain_14 + average_loss_14))
            when average_gain_14 is not null then 0
        end as rsi_14,
        average_gain_14,
        average_loss_14,
        atr_14,
        case when bar_number >= 20 then close_sum_20 / 20 + 2 * close_deviation_20 end as bollinger_upper_20,
        case when bar_number >= 20 then close_sum_20 / 20 - 2 * close_deviation_20 end as bollinger_lower_20,
        case when bar_number >= 18 then slow_k end as stochastic_k_14,
        case when bar_number >= 18 then slow_d end as stochastic_d_14,
        obv,
        case
            when bar_number < 15 then null
            when inflow_14 + outflow_14 > 0 then 100 * (inflow_14 / (inflow_14 + outflow_14))
            else 0
        end as mfi_14,
        {%- for count in [20, 60] %}
        case when bar_number > {{ count }} then log_return_deviation_{{ count }} * sqrt(252) end
            as realised_volatility_{{ count }},
        {%- endfor %}
        case when bar_number >= 252 then highest_252 end as high_price_252,
        case when bar_number >= 252 then lowest_252 end as low_price_252,
        case when bar_number >= 252 then close_price / highest_252 - 1 end as drawdown_252,
        case
            when bar_number >= 20 and highest_volume_20 > lowest_volume_20
                then (volume - volume_mean_20) / nullif(volume_deviation_20, 0)
        end as volume_z_score_20,
        case when pair_count_60 = 60 then slope_60 end as beta_60,
        case when pair_count_60 = 60 then correlation end as correlation_60,
        known_from as bar_known_from,
        known_throughout_from as known_from
    from finished
    where is_wanted
)

{{ changed_rows('indicators', key=['security_key', 'trading_date'], built='built' if only_updates else none) }}
