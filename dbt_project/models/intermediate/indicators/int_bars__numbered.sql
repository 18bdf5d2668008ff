{{ config(materialized='view') }}

select
    security_key,
    ticker,
    trading_date,
    session_number,
    bar_number,
    previous_session_number,
    open_price,
    high_price,
    low_price,
    close_price,
    previous_close_price,
    volume,
    known_from
from {{ ref('int_bars__tracked') }}
where bar_number is not null
