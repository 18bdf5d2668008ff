with sessions as (
    select * from {{ ref('int_sessions__numbered') }}
    where not is_deleted
)

select
    trading_date,
    is_session,
    is_half_day,
    is_holiday,
    holiday_name,
    open_at,
    close_at,
    previous_session_date,
    next_session_date,
    session_on_or_after_date,
    session_number,
    _updated_at
from sessions
