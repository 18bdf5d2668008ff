with bars as (
    select * from {{ ref('int_bars__latest') }}
)

select
    ticker,
    trading_date,
    provider,
    suspicion as reason,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    known_from,
    last_received_at
from bars
where suspicion is not null
