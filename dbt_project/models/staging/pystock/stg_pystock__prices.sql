with source as (
    select * from {{ source('raw_pystock', 'prices') }}
),

renamed as (
    select
        -- ids
        symbol as ticker,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        archive as archive_name,
        {{ suspicion_of_bar() }} as suspicion,

        -- numbers
        open as open_price,
        high as high_price,
        low as low_price,
        close as close_price,
        volume,
        adj_close as adjusted_close_price,
        _row_number as row_in_response,

        -- times
        date as trading_date,
        _received_at as received_at
    from source
)

select * from renamed
