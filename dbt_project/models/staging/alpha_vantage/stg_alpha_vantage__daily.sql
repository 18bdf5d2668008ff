with source as (
    select * from {{ source('raw_alpha_vantage', 'daily') }}
),

renamed as (
    select
        -- ids
        symbol as ticker,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        time_zone as provider_time_zone,
        last_refreshed,
        {{ suspicion_of_bar() }} as suspicion,

        -- numbers
        open as open_price,
        high as high_price,
        low as low_price,
        close as close_price,
        volume,
        adjusted_close as adjusted_close_price,
        dividend_amount,
        split_coefficient,
        _row_number as row_in_response,

        -- times
        date as trading_date,
        _received_at as received_at
    from source
)

select * from renamed
