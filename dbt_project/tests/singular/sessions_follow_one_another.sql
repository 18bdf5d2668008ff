{{
    config(
        description="""
Each session opens before it closes, on its own date in New York, after the one before it has closed; it is the next
one of the session before it, and carries the number that follows.""")
}}

with sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
),

chained as (
    select
        *,
        lag(trading_date) over (order by trading_date) as date_before,
        lag(next_session_date) over (order by trading_date) as next_of_the_one_before,
        lag(session_number) over (order by trading_date) as number_before,
        lag(close_at) over (order by trading_date) as close_before
    from sessions
)

select *
from chained
where
    not coalesce(open_at < close_at, false)
    or {{ date_in_zone('open_at', 'America/New_York') }} != trading_date
    or {{ date_in_zone('close_at', 'America/New_York') }} != trading_date
    or (
        date_before is not null
        and not coalesce(
            previous_session_date = date_before
            and next_of_the_one_before = trading_date
            and session_number = number_before + 1
            and open_at > close_before,
            false
        )
    )
