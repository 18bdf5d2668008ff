with current_versions as (
    select * from {{ ref('int_bars__versioned') }}
    where known_to is null
)

select
    ticker,
    trading_date,
    provider,
    quality_issue as reason,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    known_from,
    last_received_at
from current_versions
where quality_issue is not null
