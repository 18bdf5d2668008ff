-- Without a CTE, so that PostgreSQL can use the indexes of the table where the view is joined.

select
    security_key,
    ticker,
    trading_date,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    provider,
    provider_count,
    version_count,
    close_disagreement,
    is_disputed,
    is_suspect,
    known_from,
    _updated_at
from {{ ref('int_bars__chosen') }}
where not is_deleted
