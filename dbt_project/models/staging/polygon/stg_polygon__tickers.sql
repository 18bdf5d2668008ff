with source as (
    select * from {{ source('raw_polygon', 'tickers') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(ticker as {{ dbt.type_string() }}) as ticker,
        cast(cik as {{ dbt.type_string() }}) as cik,
        cast(composite_figi as {{ dbt.type_string() }}) as composite_figi,
        cast(share_class_figi as {{ dbt.type_string() }}) as share_class_figi,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(name as {{ dbt.type_string() }}) as security_name,
        cast(market as {{ dbt.type_string() }}) as market,
        cast(locale as {{ dbt.type_string() }}) as locale,
        cast(primary_exchange as {{ dbt.type_string() }}) as exchange_mic,
        cast(type as {{ dbt.type_string() }}) as security_type,
        cast(currency_name as {{ dbt.type_string() }}) as currency_name,

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
