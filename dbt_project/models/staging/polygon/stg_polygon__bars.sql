with source as (
    select * from {{ source('raw_polygon', 'bars') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(ticker as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        {{ bar_quality_issue(adjusted='adjusted') }} as quality_issue,

        -- numbers
        open as open_price,
        high as high_price,
        low as low_price,
        close as close_price,
        volume,
        vwap as vwap_price,
        transactions as transaction_count,
        _row_number as row_in_response,

        -- booleans
        coalesce(otc, false) as is_otc,
        coalesce(adjusted, false) as is_adjusted,

        -- times
        date as trading_date,
        {{ timestamp_from_milliseconds('timestamp') }} as window_at,
        _received_at as received_at
    from source
)

select * from renamed
