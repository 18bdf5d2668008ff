with polygon as (
    select * from {{ ref('stg_polygon__tickers') }}
    where {{ is_finished(['polygon']) }}
),

pystock as (
    select * from {{ ref('stg_pystock__symbols') }}
    where {{ is_finished(['pystock']) }}
),

described as (
    select
        1 as preference,
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
        received_at,
        response_id,
        row_in_response
    from polygon
    union all
    select
        2 as preference,
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
        received_at,
        response_id,
        row_in_response
    from pystock
),

numbered as (
    select
        *,
        -- Reference lists are delivered whole, day after day: the newest row of the fullest source counts.
        row_number() over (
            partition by ticker
            order by preference asc, received_at desc, response_id desc, row_in_response desc
        ) as delivery_number
    from described
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
    source_name
from numbered
where delivery_number = 1
