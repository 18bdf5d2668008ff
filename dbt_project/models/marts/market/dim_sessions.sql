with days as (
    select * from {{ ref('stg_calendar__days') }}
    where exchange_mic = 'XNYS' and {{ is_finished(['calendar']) }}
),

numbered as (
    select
        *,
        -- The calendar is delivered again whenever it is extended: the newest delivery of a date counts.
        row_number() over (
            partition by calendar_date
            order by received_at desc, response_id desc, row_in_response desc
        ) as delivery_number
    from days
),

newest as (
    select * from numbered
    where delivery_number = 1
)

select
    calendar_date as trading_date,
    is_session,
    is_half_day,
    -- Weekends are not holidays: a holiday is a weekday on which the exchange stays closed.
    (not is_session and {{ weekday_number('calendar_date') }} <= 5) as is_holiday,
    holiday_name,
    open_at,
    close_at,
    previous_session_date,
    next_session_date,
    case when is_session then calendar_date else next_session_date end as session_on_or_after_date,
    cast(
        sum(case when is_session then 1 else 0 end) over (order by calendar_date) as {{ dbt.type_int() }}
    ) as session_number
from newest
