with source as (
    select * from {{ source('raw_ops', 'requests') }}
),

renamed as (
    select
        -- ids
        response_id as request_id,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        source as source_name,
        endpoint,
        url,
        params as params_json,
        outcome,
        error_message,
        landing_path,

        -- numbers
        status_code,
        duration_ms as duration_milliseconds,
        byte_count,
        attempt_count,
        rows_received as received_row_count,
        rows_quarantined as quarantined_row_count,
        _row_number as row_in_response,

        -- times
        requested_at,
        received_at as answered_at,
        _received_at as received_at
    from source
)

select * from renamed
