with bars as (
    select * from {{ ref('int_bars__numbered') }}
),

-- A return over a missing session is not a return of this one; one wrong print among thousands would move the mean.
returns as (
    select
        trading_date,
        session_number,
        least(close_price / previous_close_price - 1, {{ var('market_return_limit') }}) as simple_return
    from bars
    where session_number - previous_session_number = 1
)

select
    trading_date,
    session_number,
    {{ exact_average('simple_return') }} as market_return,
    cast(count(*) as {{ dbt.type_int() }}) as security_count
from returns
group by trading_date, session_number
