{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[
            {'columns': ['ticker', 'trading_date']},
            {'columns': ['trading_date']},
            {'columns': ['security_key', 'bar_number']},
        ],
        pre_hook=[
            "{{ follow_changes('int_bars__tracked') }}",
            "{{ follow_changes('int_market_returns__averaged') }}",
            "{{ forget_bars_no_longer_there() }}",
        ],
    )
}}

{#- An incremental build takes up each security from the first of its bars that has changed. Bars change without being
    loaded again, by a split; and the market's return changes without the bar. -#}

{%- set market_returns = ref('int_market_returns__accumulated') %}

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
with changed_bars as (  -- noqa: ST03
    select
        security_key,
        bar_number
    from {{ ref('int_bars__tracked') }}
    where change_number > {{ last_followed('int_bars__tracked') }} and bar_number is not null
),

changed_sessions as (  -- noqa: ST03
    select session_number
    from {{ ref('int_market_returns__averaged') }}
    where change_number > {{ last_followed('int_market_returns__averaged') }}
),

{% if is_incremental() -%}
-- The bars at a session whose market has changed, and those whose return reaches over it.
changed_markets as (
    select
        tracked.security_key,
        tracked.bar_number
    from {{ ref('int_bars__tracked') }} as tracked
    where
        tracked.bar_number is not null
        and {{ is_any_of('tracked.session_number', 'select changed_sessions.session_number from changed_sessions') }}
    union all
    select
        gapped.security_key,
        gapped.bar_number
    from changed_sessions
    inner join {{ ref('int_bars__tracked') }} as gapped
        on
            changed_sessions.session_number > gapped.session_before_gap
            and changed_sessions.session_number < gapped.session_number
),

changes as (
    select
        security_key,
        bar_number,
        1 as is_bar_changed
    from changed_bars
    union all
    select
        security_key,
        bar_number,
        0 as is_bar_changed
    from changed_markets
),

-- A changed bar concerns all that follow; a changed market, the 60 bars whose beta it enters.
stretches as (
    select
        security_key,
        min(bar_number) as first_bar_number,
        case when max(is_bar_changed) = 0 then max(bar_number) + 59 end as last_bar_number
    from changes
    group by security_key
),

-- Averages go on from the bar before the first change; in a security's first weeks they begin anew.
taken_up as (
    select
        bars.*,
        bars.bar_number >= stretches.first_bar_number as is_wanted,
        {%- for average in exponentially_averaged() + [macd_signal_average()] %}
        carried.{{ average.name }} as carried_{{ average.name }},
        {%- endfor %}
        carried.obv as carried_obv,
        carried.known_from as carried_known_from,
        carried.bar_number as carried_bar_number
    from stretches
    left join {{ this }} as carried
        on
            stretches.security_key = carried.security_key
            and stretches.first_bar_number - 1 = carried.bar_number
            and stretches.first_bar_number > {{ indicator_seeding_bars() }}
    {{ looked_up(
        ref('int_bars__numbered'), 'bars',
        'stretches.security_key = bars.security_key'
        ~ ' and coalesce(carried.bar_number, 1) <= bars.bar_number'
        ~ ' and (stretches.last_bar_number is null or stretches.last_bar_number >= bars.bar_number)'
    ) }}
),

{% endif -%}
series as (
    {{ marketed_bars('taken_up' if is_incremental() else ref('int_bars__numbered'), market_returns) | indent }}
),

-- From one bar to the next.
progressed as (
    select
        *,
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
            when bar_number = carried_bar_number then carried_obv
        {%- else %}
        case
        {%- endif %}
            when bar_number = 1 or close_price > previous_close_price then volume
            when close_price < previous_close_price then -volume
            else 0
        end as volume_on_balance,
        {%- if is_incremental() %}
        case when bar_number = carried_bar_number then carried_known_from else known_from end
        {%- else %}
        known_from
        {%- endif %} as learned_at
    from series
),

-- Over all bars so far.
summed as (
    select
        *,
        {%- if is_incremental() %}
        case
            when carried_bar_number is null then avg(close_price) over so_far
            when bar_number in ({{ late_seeds() | join(', ') }})
                then (
                    select avg(history.close_price)
                    from (
                        select earlier.close_price
                        from {{ ref('int_bars__numbered') }} as earlier
                        where
                            earlier.security_key = progressed.security_key
                            and earlier.bar_number <= progressed.bar_number
                        order by earlier.bar_number
                    ) as history
                )
        end as close_mean,
        {%- else %}
        avg(close_price) over so_far as close_mean,
        {%- endif %}
        avg(case when bar_number > 14 then close_price end) over so_far as macd_fast_seed,
        avg(gain) over so_far as gain_mean,
        avg(loss) over so_far as loss_mean,
        avg(true_range) over so_far as true_range_mean,
        sum(volume_on_balance) over so_far as obv,
        max(learned_at) over so_far as known_throughout_from
    from progressed
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

averaged as (
    {{ exponential_averages('summed', 'security_key', 'bar_number', with_addends(exponentially_averaged())) | indent }}
),

-- MACD's own average is made of two others.
composed as (
    select
        *,
        macd_fast - ema_26 as macd,
        avg(case when bar_number between 26 and 34 then macd_fast - ema_26 end) over so_far as macd_mean
    from averaged
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

signalled as (
    {{ exponential_averages('composed', 'security_key', 'bar_number', with_addends([macd_signal_average()])) | indent }}
),

-- Over the last bars.
framed as (
    {% if is_incremental() -%}
    {{ framed_by_lookups('signalled', ref('int_bars__numbered'), market_returns) | indent }}
    {%- else -%}
    {{ framed_by_windows('(' ~ stepped_bars('signalled') ~ ') as stepped') | indent }}
    {%- endif %}
),

compared as (
    select
        *,
        {%- for places in range(5) %}
        {%- set before = '_' ~ places ~ '_before' if places else '' %}
        case
            when {{ prices_differ('highest_14' ~ before, 'lowest_14' ~ before) }}
                then {{ fast_k(before) }}
            else 0
        end as fast_k{{ before }},
        {%- endfor %}
        greatest(highest_63, highest_63_63_before, highest_63_126_before, highest_63_189_before) as highest_252,
        least(lowest_63, lowest_63_63_before, lowest_63_126_before, lowest_63_189_before) as lowest_252
    from framed
),

finished as (
    select
        *,
        (fast_k_2_before + fast_k_1_before + fast_k) / 3 as slow_k,
        (fast_k_3_before + fast_k_2_before + fast_k_1_before) / 3 as slow_k_1_before,
        (fast_k_4_before + fast_k_3_before + fast_k_2_before) / 3 as slow_k_2_before
    from compared
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
    close_price / close_price_{{ count }}_before - 1 as simple_return_{{ count }},
    ln(close_price / close_price_{{ count }}_before) as log_return_{{ count }},
    {%- endfor %}
    gap_return,
    {%- for count in [5, 10, 20, 50] %}
    {{ once_warm(count, 'close_sum_' ~ count ~ ' / ' ~ count) }} as sma_{{ count }},
    {%- endfor %}
    {{ once_warm(100, '(close_sum_50 + close_sum_50_50_before) / 100') }} as sma_100,
    {{
        once_warm(
            200,
            '(close_sum_50 + close_sum_50_50_before + close_sum_50_100_before + close_sum_50_150_before) / 200'
        )
    }} as sma_200,
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
    {{ once_warm(18, '(slow_k_2_before + slow_k_1_before + slow_k) / 3') }} as stochastic_d_14,
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
where is_wanted
{%- endif %}
