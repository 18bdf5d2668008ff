with source as (
    select * from {{ source('raw_pystock', 'reports') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(symbol as {{ dbt.type_string() }}) as ticker,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(period_focus as {{ dbt.type_string() }}) as period_focus,
        cast(doc_type as {{ dbt.type_string() }}) as document_type,
        cast(archive as {{ dbt.type_string() }}) as archive_name,

        -- numbers
        fiscal_year,
        revenues,
        op_income as operating_income,
        net_income,
        eps_basic,
        eps_diluted,
        dividend,
        assets,
        cur_assets as current_assets,
        cur_liab as current_liabilities,
        cash,
        equity,
        cash_flow_op as operating_cash_flow,
        cash_flow_inv as investing_cash_flow,
        cash_flow_fin as financing_cash_flow,
        _row_number as row_in_response,

        -- booleans
        amend as is_amended,

        -- times
        end_date as period_end_date,
        _received_at as received_at
    from source
)

select * from renamed
