{{
    config(
        description="""
Each session with returns has the number that the calendar gives it, also after the calendar was corrected in the past.""")
}}

with returns as (
    select * from {{ ref('int_market_returns__averaged') }}
    where not is_deleted
),

sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
)

select
    returns.trading_date,
    returns.session_number,
    sessions.session_number as calendar_session_number
from returns
left join sessions on returns.trading_date = sessions.trading_date
where sessions.session_number is null or sessions.session_number != returns.session_number
