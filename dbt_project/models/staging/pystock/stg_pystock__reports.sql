with source as (
    select * from {{ source('raw_pystock', 'reports') }}
),

renamed as (
    select
        -- ids
        symbol as ticker,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        period_focus,
        doc_type as document_type,
        archive as archive_name,

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
