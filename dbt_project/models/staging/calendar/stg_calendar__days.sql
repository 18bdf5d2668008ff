with source as (
    select * from {{ source('raw_calendar', 'days') }}
),

renamed as (
    select
        -- ids
        exchange as exchange_mic,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        holiday_name,

        -- numbers
        _row_number as row_in_response,

        -- booleans
        is_session,
        is_half_day,

        -- times
        date as calendar_date,
        previous_session as previous_session_date,
        next_session as next_session_date,
        open_at,
        close_at,
        _received_at as received_at
    from source
)

select * from renamed
