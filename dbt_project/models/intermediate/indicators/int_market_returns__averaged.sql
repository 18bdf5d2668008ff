with bars as (
    select * from {{ ref('int_bars__numbered') }}
),

-- Decimals: their sum does not depend on the order in which the database comes across the rows.
averaged as (
    select
        trading_date,
        session_number,
        count(*) as security_count,
        cast(
            avg(cast(close_price / previous_close_price - 1 as {{ type_exact_fraction() }})) as {{ type_double() }}
        ) as market_return
    from bars
    -- A return over a missing session is not a return of this one.
    where session_number - previous_session_number = 1
    group by trading_date, session_number
)

select
    trading_date,
    cast(session_number as {{ dbt.type_int() }}) as session_number,
    market_return,
    cast(security_count as {{ dbt.type_int() }}) as security_count
from averaged
