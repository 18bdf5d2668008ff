with source as (
    select * from {{ source('raw_pystock', 'symbols') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(symbol as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(name as {{ dbt.type_string() }}) as security_name,
        cast(archive as {{ dbt.type_string() }}) as archive_name,

        -- numbers
        _row_number as row_in_response,

        -- times
        _received_at as received_at
    from source
)

select * from renamed
