with source as (
    select * from {{ source('raw_polygon', 'splits') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(id as {{ dbt.type_string() }}) as provider_action_id,
        cast(ticker as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- numbers
        split_from,
        split_to,
        _row_number as row_in_response,

        -- booleans
        split_from > 0 and split_to > 0 and split_from <> split_to as is_usable,

        -- times
        execution_date as ex_date,
        _received_at as received_at
    from source
)

select * from renamed
