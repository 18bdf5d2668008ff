with source as (
    select * from {{ source('raw_headlines', 'headlines') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(stock as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(title as {{ dbt.type_string() }}) as title,

        -- numbers
        _row_number as row_in_response,

        -- times
        date as published_at,
        _received_at as received_at
    from source
)

select * from renamed
