{{ config(materialized='view', meta={'rows_of': 'int_bars__versioned'}) }}

with versions as (
    select * from {{ ref('int_bars__versioned') }}
)

select
    ticker,
    trading_date,
    provider,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    suspicion,
    {{ last_of('delivery_response_ids') }} as response_id,
    version_number as version_count,
    known_from,
    last_received_at
from versions
where known_to is null
