with source as (
    select * from {{ source('raw_polygon', 'tickers') }}
),

renamed as (
    select
        -- ids
        ticker,
        cik,
        composite_figi,
        share_class_figi,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        name as security_name,
        market,
        locale,
        primary_exchange as exchange_mic,
        type as security_type,
        currency_name,

        -- numbers
        _row_number as row_in_response,

        -- booleans
        active as is_active,

        -- times
        delisted_utc as delisted_at,
        last_updated_utc as last_updated_at,
        _received_at as received_at
    from source
)

select * from renamed
