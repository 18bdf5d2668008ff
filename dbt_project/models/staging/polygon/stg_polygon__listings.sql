with source as (
    select * from {{ source('raw_polygon', 'listings') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        case entity when 'splits' then 'split' when 'dividends' then 'dividend' end as action_kind,

        -- numbers
        row_count,
        refused_count as refused_row_count,
        _row_number as row_in_response,

        -- booleans
        listed_from is not null as is_first_page,
        is_last as is_last_page,

        -- times
        listed_from as listed_from_date,
        _received_at as received_at
    from source
)

select * from renamed
