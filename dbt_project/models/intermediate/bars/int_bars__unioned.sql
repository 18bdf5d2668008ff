{{ config(materialized='view') }}

with polygon as (
    select
        'polygon' as provider,
        ticker,
        trading_date,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        vwap_price,
        transaction_count,
        cast(null as {{ type_double() }}) as adjusted_close_price,
        quality_issue,
        response_id,
        row_in_response,
        received_at,
        _dlt_load_id
    from {{ ref('stg_polygon__bars') }}
),

alpha_vantage as (
    select
        'alpha_vantage' as provider,
        ticker,
        trading_date,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        cast(null as {{ type_double() }}) as vwap_price,
        cast(null as {{ dbt.type_bigint() }}) as transaction_count,
        adjusted_close_price,
        quality_issue,
        response_id,
        row_in_response,
        received_at,
        _dlt_load_id
    from {{ ref('stg_alpha_vantage__daily') }}
),

pystock as (
    select
        'pystock' as provider,
        ticker,
        trading_date,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        cast(null as {{ type_double() }}) as vwap_price,
        cast(null as {{ dbt.type_bigint() }}) as transaction_count,
        adjusted_close_price,
        quality_issue,
        response_id,
        row_in_response,
        received_at,
        _dlt_load_id
    from {{ ref('stg_pystock__prices') }}
),

unioned as (
    select * from polygon
    union all
    select * from alpha_vantage
    union all
    select * from pystock
)

select
    provider,
    {{ normalised_ticker('ticker') }} as ticker,
    ticker as provider_ticker,
    trading_date,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    adjusted_close_price,
    quality_issue,
    response_id,
    row_in_response,
    received_at,
    _dlt_load_id
from unioned
