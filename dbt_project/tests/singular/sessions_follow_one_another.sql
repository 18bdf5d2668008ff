{{
    config(
        description="""
Each session opens before it closes, on its own date in New York, after the session before it has closed. It is the next
session of the session before it, and has the number that follows.""")
}}

with sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
),

chained as (
    select
        *,
        lag(trading_date) over (order by trading_date) as previous_date,
        lag(next_session_date) over (order by trading_date) as next_date_of_previous,
        lag(session_number) over (order by trading_date) as previous_number,
        lag(close_at) over (order by trading_date) as previous_close_at
    from sessions
)

select *
from chained
where
    not coalesce(open_at < close_at, false)
    or {{ date_in_zone('open_at', 'America/New_York') }} != trading_date
    or {{ date_in_zone('close_at', 'America/New_York') }} != trading_date
    or (
        previous_date is not null
        and not coalesce(
            previous_session_date = previous_date
            and next_date_of_previous = trading_date
            and session_number = previous_number + 1
            and open_at > previous_close_at,
            false
        )
    )
