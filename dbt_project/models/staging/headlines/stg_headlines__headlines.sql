with source as (
    select * from {{ source('raw_headlines', 'headlines') }}
),

renamed as (
    select
        -- ids
        stock as ticker,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        title,

        -- numbers
        _row_number as row_in_response,

        -- times
        date as published_at,
        _received_at as received_at
    from source
)

select * from renamed
