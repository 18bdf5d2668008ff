{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['ticker', 'ex_date', 'response_id'],
        indexes=[
            {'columns': ['ticker', 'ex_date', 'response_id'], 'unique': true},
            {'columns': ['_dlt_load_id']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- An archive holds two sessions. Where the close of the older one is adjusted and that of the newer one is not, there
-- was a split or a dividend between them, whichever the ratio looks like.

with loads as (
    {{ new_loads(['pystock']) }}
),

prices as (
    select * from {{ ref('stg_pystock__prices') }}
    where
        close_price > 0
        and adjusted_close_price > 0
        and open_price > 0
        {%- if is_incremental() %}
        and {{ in_array('_dlt_load_id', 'select loads.load_id from loads') }}
        {%- endif %}
),

bars as (
    select
        prices.*,
        loads.finished_at as _loaded_at
    from prices
    inner join loads on prices._dlt_load_id = loads.load_id
),

numbered as (
    select
        *,
        -- A few archives hold their rows several times: the last row counts.
        row_number() over (
            partition by response_id, ticker, trading_date
            order by row_in_response desc
        ) as delivery_number
    from bars
    where
        -- Few securities have an adjusted close that differs.
        exists (
            select 1 from bars as adjusted
            where
                adjusted.response_id = bars.response_id
                and adjusted.ticker = bars.ticker
                and abs(adjusted.adjusted_close_price / adjusted.close_price - 1) > 0.000005
        )
),

paired as (
    select
        ticker,
        response_id,
        received_at,
        trading_date as ex_date,
        open_price,
        lag(trading_date) over archive_days as previous_date,
        lag(close_price) over archive_days as previous_close_price,
        lag(adjusted_close_price) over archive_days as previous_adjusted_close_price,
        adjusted_close_price / close_price as factor,
        _dlt_load_id,
        _loaded_at
    from numbered
    where delivery_number = 1
    window archive_days as (partition by response_id, ticker order by trading_date)
),

stepped as (
    select
        *,
        previous_adjusted_close_price / previous_close_price / factor as step_factor,
        -- The effect of rounding: half a cent of the adjusted close, and never more than a thousandth.
        least(0.001, 0.005 / previous_adjusted_close_price) as tolerance
    from paired
    where previous_close_price is not null
),

measured as (
    select
        *,
        greatest(step_factor, 1 / step_factor) as ratio,
        -- A real split or a large payment moves the next open; a false entry does not.
        abs(ln(open_price / (previous_close_price * step_factor)))
        < abs(ln(open_price / previous_close_price)) as is_seen_in_price
    from stepped
    where abs(step_factor - 1) > 0.000005
),

simplified as (
    select
        *,
        {{ simple_denominator('ratio', 'tolerance') }} as denominator,
        -- Dividends have four decimals; what follows is noise of the archives' single precision.
        cast(
            round(
                cast(
                    case when ratio <= 1e6 then previous_close_price * (1 - step_factor) end as {{ dbt.type_numeric() }}
                ),
                4
            ) as {{ type_double() }}
        ) as cash_amount
    from measured
),

read as (
    select
        *,
        round(ratio * denominator) as numerator,
        case
            when ratio > 1e6 then 'unexplained'  -- as no split ever was
            when ratio >= 1.25 and not is_seen_in_price then 'contradicted'
            when ratio >= 1.25 and denominator is not null then 'split'
            when cash_amount > 0 then 'dividend'
            else 'unexplained'
        end as reading
    from simplified
)

select
    {{ normalised_ticker('ticker') }} as ticker,
    ex_date,
    response_id,
    previous_date,
    previous_close_price,
    previous_adjusted_close_price,
    open_price,
    step_factor,
    reading,
    cast(
        case when reading = 'split' then case when step_factor > 1 then numerator else denominator end end
        as {{ type_double() }}
    ) as split_from,
    cast(
        case when reading = 'split' then case when step_factor > 1 then denominator else numerator end end
        as {{ type_double() }}
    ) as split_to,
    case when reading = 'dividend' then cash_amount end as cash_amount,
    received_at,
    _dlt_load_id,
    _loaded_at,
    {{ dbt.current_timestamp() }} as _updated_at
from read
