with source as (
    select * from {{ source('raw_alpha_vantage', 'daily') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(symbol as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(time_zone as {{ dbt.type_string() }}) as provider_time_zone,
        cast(last_refreshed as {{ dbt.type_string() }}) as last_refreshed,
        {{ bar_quality_issue() }} as quality_issue,

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
