{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook="{{ forget_bars_no_longer_there() }}",
    )
}}

{#- Prices change without a new bar: a split rewrites all that was before it. So an incremental build compares the
    bars with those it was built from, and takes up each security from the first bar that is not the same. -#}

with bars as (
    select
        numbered.*,
        case
            when numbered.session_number - numbered.previous_session_number = 1 then market.market_return
            else spans.market_return
        end as market_return
    from {{ ref('int_bars__numbered') }} as numbered
    left join {{ ref('int_market_returns__averaged') }} as market on numbered.trading_date = market.trading_date
    left join {{ ref('int_market_returns__spanned') }} as spans
        on numbered.security_key = spans.security_key and numbered.trading_date = spans.trading_date
),

{% if is_incremental() -%}
compared as (
    select
        bars.security_key,
        bars.bar_number,
        (
            built.security_key is null
            or bars.bar_number != built.bar_number
            or bars.ticker != built.ticker
            or bars.open_price != built.open_price
            or bars.high_price != built.high_price
            or bars.low_price != built.low_price
            or bars.close_price != built.close_price
            or bars.volume != built.volume
            or bars.known_from != built.bar_known_from
        ) as is_bar_changed,
        -- No return is below -1.
        coalesce(bars.market_return, -2) != coalesce(built.market_return, -2) as is_market_changed
    from bars
    left join {{ this }} as built on bars.security_key = built.security_key and bars.trading_date = built.trading_date
),

-- A changed bar concerns all that follow; a changed market, the 60 bars whose beta it enters.
stretches as (
    select
        security_key,
        min(bar_number) as first_bar_number,
        case when max(case when is_bar_changed then 1 else 0 end) = 0 then max(bar_number) + 59 end as last_bar_number
    from compared
    where is_bar_changed or is_market_changed
    group by security_key
),

-- Young securities are computed from their first bar on; others go on from the bar before the first change.
series as (
    select
        bars.*,
        stretches.first_bar_number,
        {%- for average in exponentially_averaged() + [macd_signal_average()] %}
        carried.{{ average.name }} as carried_{{ average.name }},
        {%- endfor %}
        carried.obv as carried_obv,
        carried.known_from as carried_known_from,
        carried.bar_number as carried_bar_number
    from bars
    inner join stretches on bars.security_key = stretches.security_key
    left join {{ this }} as carried
        on
            stretches.security_key = carried.security_key
            and stretches.first_bar_number - 1 = carried.bar_number
            and stretches.first_bar_number - 1 > {{ indicator_history_bars() }}
    where
        bars.bar_number >= stretches.first_bar_number - 1 - {{ indicator_history_bars() }}
        and (bars.bar_number <= stretches.last_bar_number or stretches.last_bar_number is null)
),

{% else -%}
series as (
    select * from bars
),

{% endif -%}
typified as (
    select
        *,
        (high_price + low_price + close_price) / 3 as typical_price,
        lag((high_price + low_price + close_price) / 3) over (
            partition by security_key order by bar_number
        ) as previous_typical_price
    from series
),

-- From one bar to the next.
stepped as (
    select
        *,
        {%- for count in [1, 5, 20, 60, 252] %}
        close_price / lag(close_price, {{ count }}) over in_order - 1 as simple_return_{{ count }},
        ln(close_price / lag(close_price, {{ count }}) over in_order) as log_return_{{ count }},
        {%- endfor %}
        open_price / previous_close_price - 1 as gap_return,
        case
            when close_price > previous_close_price then close_price - previous_close_price
            when close_price <= previous_close_price then 0
        end as gain,
        case
            when close_price < previous_close_price then previous_close_price - close_price
            when close_price >= previous_close_price then 0
        end as loss,
        case
            when bar_number > 1 then greatest(high_price, previous_close_price) - least(low_price, previous_close_price)
        end as true_range,
        {%- if is_incremental() %}
        case
            when bar_number < carried_bar_number then null
            when bar_number = carried_bar_number then carried_obv
        {%- else %}
        case
        {%- endif %}
            when bar_number = 1 or close_price > previous_close_price then volume
            when close_price < previous_close_price then -volume
            else 0
        end as volume_on_balance,
        {%- if is_incremental() %}
        case
            when bar_number = carried_bar_number then carried_known_from
            when carried_bar_number is null or bar_number > carried_bar_number then known_from
        end as learned_at,
        {%- else %}
        known_from as learned_at,
        {%- endif %}
        case
            when {{ prices_differ('typical_price', 'previous_typical_price') }}
                then sign(typical_price - previous_typical_price)
            else 0
        end as flow_direction
    from typified
    window in_order as (partition by security_key order by bar_number)
),

-- Over the last bars. Databases sum floats of a moving frame anew for each row: nothing is carried along in it, and
-- the value depends on the bars in the frame alone.
framed as (
    select
        *,
        avg(close_price) over so_far as close_mean,
        avg(case when bar_number > 14 then close_price end) over so_far as macd_fast_seed,
        avg(gain) over so_far as gain_mean,
        avg(loss) over so_far as loss_mean,
        avg(true_range) over so_far as true_range_mean,
        sum(volume_on_balance) over so_far as obv,
        max(learned_at) over so_far as known_throughout_from,
        sum(close_price) over last_5 as close_sum_5,
        sum(close_price) over last_10 as close_sum_10,
        min(low_price) over last_14 as lowest_14,
        max(high_price) over last_14 as highest_14,
        sum(case when flow_direction > 0 then typical_price * volume else 0 end) over last_14 as inflow_14,
        sum(case when flow_direction < 0 then typical_price * volume else 0 end) over last_14 as outflow_14,
        sum(close_price) over last_20 as close_sum_20,
        stddev_pop(close_price) over last_20 as close_deviation_20,
        stddev_samp(log_return_1) over last_20 as log_return_deviation_20,
        avg(volume) over last_20 as volume_mean_20,
        stddev_samp(volume) over last_20 as volume_deviation_20,
        min(volume) over last_20 as lowest_volume_20,
        max(volume) over last_20 as highest_volume_20,
        sum(close_price) over last_50 as close_sum_50,
        stddev_samp(log_return_1) over last_60 as log_return_deviation_60,
        regr_slope(simple_return_1, market_return) over last_60 as slope_60,
        corr(simple_return_1, market_return) over last_60 as correlation,
        count(market_return) over last_60 as pair_count_60,
        max(high_price) over last_63 as highest_63,
        min(low_price) over last_63 as lowest_63
    from stepped
    window
        {%- for count in [5, 10, 14, 20, 50, 60, 63] %}
        last_{{ count }} as (
            partition by security_key order by bar_number
            rows between {{ count - 1 }} preceding and current row
        ),
        {%- endfor %}
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

averaged as (
    {{ exponential_averages('framed', 'security_key', 'bar_number', with_addends(exponentially_averaged())) | indent }}
),

-- What is made of the steps, frames and averages; the longest frames of shorter ones.
composed as (
    select
        *,
        macd_fast - ema_26 as macd,
        avg(
            case when bar_number between 26 and 34 then macd_fast - ema_26 end
        ) over in_order as macd_mean,
        close_sum_50 + lag(close_sum_50, 50) over in_order as close_sum_100,
        close_sum_50 + lag(close_sum_50, 50) over in_order
        + lag(close_sum_50, 100) over in_order + lag(close_sum_50, 150) over in_order as close_sum_200,
        greatest(
            highest_63,
            lag(highest_63, 63) over in_order,
            lag(highest_63, 126) over in_order,
            lag(highest_63, 189) over in_order
        ) as highest_252,
        least(
            lowest_63,
            lag(lowest_63, 63) over in_order,
            lag(lowest_63, 126) over in_order,
            lag(lowest_63, 189) over in_order
        ) as lowest_252,
        avg(
            case
                when {{ prices_differ('highest_14', 'lowest_14') }}
                    then 100 * ((close_price - lowest_14) / (highest_14 - lowest_14))
                else 0
            end
        ) over last_3 as slow_k
    from averaged
    window
        in_order as (partition by security_key order by bar_number),
        last_3 as (partition by security_key order by bar_number rows between 2 preceding and current row)
),

signalled as (
    {{ exponential_averages('composed', 'security_key', 'bar_number', with_addends([macd_signal_average()])) | indent }}
),

finished as (
    select
        *,
        avg(slow_k) over (
            partition by security_key order by bar_number rows between 2 preceding and current row
        ) as slow_d
    from signalled
)

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
    {%- for count in [1, 5, 20, 60, 252] %}
    simple_return_{{ count }},
    log_return_{{ count }},
    {%- endfor %}
    gap_return,
    {%- for count in [5, 10, 20, 50, 100, 200] %}
    {{ once_warm(count, 'close_sum_' ~ count ~ ' / ' ~ count) }} as sma_{{ count }},
    {%- endfor %}
    ema_12,
    ema_26,
    ema_50,
    ema_200,
    {{ once_warm(34, 'macd') }} as macd,
    macd_signal,
    macd - macd_signal as macd_histogram,
    macd_fast,
    case
        when average_gain_14 + average_loss_14 > 0 then 100 * (average_gain_14 / (average_gain_14 + average_loss_14))
        when average_gain_14 is not null then 0
    end as rsi_14,
    average_gain_14,
    average_loss_14,
    atr_14,
    {{ once_warm(20, 'close_sum_20 / 20 + 2 * close_deviation_20') }} as bollinger_upper_20,
    {{ once_warm(20, 'close_sum_20 / 20 - 2 * close_deviation_20') }} as bollinger_lower_20,
    {{ once_warm(18, 'slow_k') }} as stochastic_k_14,
    {{ once_warm(18, 'slow_d') }} as stochastic_d_14,
    obv,
    case
        when bar_number < 15 then null
        when inflow_14 + outflow_14 > 0 then 100 * (inflow_14 / (inflow_14 + outflow_14))
        else 0
    end as mfi_14,
    {%- for count in [20, 60] %}
    {{ once_warm(count + 1, 'log_return_deviation_' ~ count ~ ' * sqrt(252)') }} as realised_volatility_{{ count }},
    {%- endfor %}
    {{ once_warm(252, 'highest_252') }} as high_price_252,
    {{ once_warm(252, 'lowest_252') }} as low_price_252,
    {{ once_warm(252, 'close_price / highest_252 - 1') }} as drawdown_252,
    case
        when bar_number >= 20 and highest_volume_20 > lowest_volume_20
            then (volume - volume_mean_20) / volume_deviation_20
    end as volume_z_score_20,
    case when pair_count_60 = 60 then slope_60 end as beta_60,
    case when pair_count_60 = 60 then correlation end as correlation_60,
    known_from as bar_known_from,
    known_throughout_from as known_from
from finished
{%- if is_incremental() %}
where bar_number >= first_bar_number
{%- endif %}
