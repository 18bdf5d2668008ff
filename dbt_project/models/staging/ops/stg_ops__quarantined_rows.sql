with source as (
    select * from {{ source('raw_ops', 'quarantine') }}
),

renamed as (
    select
        -- ids
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        source as source_name,
        entity as table_name,
        reason,
        row as row_text,

        -- numbers
        row_number as rejected_row_in_response,
        _row_number as row_in_response,

        -- times
        _received_at as received_at
    from source
)

select * from renamed
