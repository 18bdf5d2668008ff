with source as (
    select * from {{ source('raw_ops', 'requests') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(response_id as {{ dbt.type_string() }}) as request_id,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(source as {{ dbt.type_string() }}) as source_name,
        cast(endpoint as {{ dbt.type_string() }}) as endpoint,
        cast(url as {{ dbt.type_string() }}) as url,
        cast(params as {{ dbt.type_string() }}) as params_json,
        cast(outcome as {{ dbt.type_string() }}) as outcome,
        cast(error_message as {{ dbt.type_string() }}) as error_message,
        cast(landing_path as {{ dbt.type_string() }}) as landing_path,

        -- numbers
        status_code,
        duration_ms as duration_milliseconds,
        byte_count,
        attempt_count,
        rows_received as received_row_count,
        rows_quarantined as quarantined_row_count,
        _row_number as row_in_response,

        -- times
        requested_at,
        received_at as answered_at,
        _received_at as received_at
    from source
)

select * from renamed
