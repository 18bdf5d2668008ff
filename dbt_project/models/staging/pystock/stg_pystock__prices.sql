with source as (
    select * from {{ source('raw_pystock', 'prices') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(symbol as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(archive as {{ dbt.type_string() }}) as archive_name,
        {{ bar_quality_issue() }} as quality_issue,

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
