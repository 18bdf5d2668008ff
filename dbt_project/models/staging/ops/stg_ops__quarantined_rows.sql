with source as (
    select * from {{ source('raw_ops', 'quarantine') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(source as {{ dbt.type_string() }}) as source_name,
        cast(entity as {{ dbt.type_string() }}) as table_name,
        cast(reason as {{ dbt.type_string() }}) as reason,
        cast(row as {{ dbt.type_string() }}) as row_text,

        -- numbers
        row_number as rejected_row_in_response,
        _row_number as row_in_response,

        -- times
        _received_at as received_at
    from source
)

select * from renamed
