-- Without a CTE, so that PostgreSQL can use the indexes of the table where the view is joined.

select
    security_key,
    ticker,
    trading_date,
    open_price * split_factor as open_price,
    high_price * split_factor as high_price,
    low_price * split_factor as low_price,
    close_price * split_factor as close_price,
    volume / split_factor as volume,
    close_price * split_factor * dividend_factor as total_return_close_price,
    split_factor,
    dividend_factor,
    adjusted_known_from as known_from,
    _updated_at
from {{ ref('int_bars__sequenced') }}
where not is_deleted
