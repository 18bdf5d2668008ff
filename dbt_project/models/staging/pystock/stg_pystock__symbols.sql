with source as (
    select * from {{ source('raw_pystock', 'symbols') }}
),

renamed as (
    select
        -- ids
        symbol as ticker,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        name as security_name,
        archive as archive_name,

        -- numbers
        _row_number as row_in_response,

        -- times
        _received_at as received_at
    from source
)

select * from renamed
