{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='ticker',
        indexes=[{'columns': ['ticker'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=['polygon', 'pystock']) }}",
    )
}}

with polygon as (
    select * from {{ ref('stg_polygon__tickers') }}
    where {{ is_newly_claimed(['polygon']) }}
),

pystock as (
    select * from {{ ref('stg_pystock__symbols') }}
    where {{ is_newly_claimed(['pystock']) }}
),

described as (
    select
        {{ normalised_ticker('ticker') }} as ticker,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        is_active,
        delisted_at,
        'polygon' as source_name,
        1 as preference,
        response_id,
        row_in_response,
        received_at
    from polygon
    union all
    select
        {{ normalised_ticker('ticker') }} as ticker,
        security_name,
        null as security_type,
        null as exchange_mic,
        null as currency_name,
        null as cik,
        null as composite_figi,
        null as share_class_figi,
        null as is_active,
        null as delisted_at,
        'pystock' as source_name,
        2 as preference,
        response_id,
        row_in_response,
        received_at
    from pystock
),

candidates as (
    select * from described
    {%- if is_incremental() %}
    union all
    select known.* from {{ this }} as known
    where known.ticker in (select described.ticker from described)
    {%- endif %}
),

numbered as (
    select
        *,
        -- Reference lists are delivered whole, day after day: the newest row of the fullest source counts.
        row_number() over (
            partition by ticker
            order by preference asc, received_at desc, response_id desc, row_in_response desc
        ) as delivery_number
    from candidates
)

select
    ticker,
    security_name,
    security_type,
    exchange_mic,
    currency_name,
    cik,
    composite_figi,
    share_class_figi,
    is_active,
    delisted_at,
    source_name,
    preference,
    response_id,
    row_in_response,
    received_at
from numbered
where delivery_number = 1
