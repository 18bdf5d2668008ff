with bars as (
    -- The prices that indicators are made of: this is the one place that names them.
    select * from {{ ref('fct_daily_bars_adjusted') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
),

-- One price that cannot be right would stay in every average after it.
usable as (
    select
        bars.security_key,
        bars.ticker,
        bars.trading_date,
        sessions.session_number,
        bars.open_price,
        bars.high_price,
        bars.low_price,
        bars.close_price,
        bars.volume,
        bars.known_from
    from bars
    inner join sessions on bars.trading_date = sessions.trading_date
    where
        sessions.is_session
        and {{
            suspicion_of_bar(
                'bars.open_price', 'bars.high_price', 'bars.low_price', 'bars.close_price', 'bars.volume'
            )
        }} is null
)

select
    security_key,
    ticker,
    trading_date,
    session_number,
    cast(row_number() over bars_in_order as {{ dbt.type_int() }}) as bar_number,
    lag(session_number) over bars_in_order as previous_session_number,
    open_price,
    high_price,
    low_price,
    close_price,
    lag(close_price) over bars_in_order as previous_close_price,
    volume,
    known_from
from usable
window bars_in_order as (partition by security_key order by trading_date)
