with source as (
    select * from {{ source('raw_calendar', 'days') }}
),

renamed as (
    select
        -- ids
        cast(exchange as {{ dbt.type_string() }}) as exchange_mic,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(holiday_name as {{ dbt.type_string() }}) as holiday_name,

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
