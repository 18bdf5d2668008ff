with source as (
    select * from {{ source('raw_polygon', 'dividends') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(id as {{ dbt.type_string() }}) as provider_action_id,
        cast(ticker as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        upper(cast(currency as {{ dbt.type_string() }})) as currency_code,
        cast(dividend_type as {{ dbt.type_string() }}) as dividend_type,

        -- numbers
        cash_amount,
        frequency as payments_per_year,
        _row_number as row_in_response,

        -- booleans
        cash_amount > 0 as is_usable,

        -- times
        ex_dividend_date as ex_date,
        declaration_date as declared_date,
        record_date,
        pay_date,
        _received_at as received_at
    from source
)

select * from renamed
