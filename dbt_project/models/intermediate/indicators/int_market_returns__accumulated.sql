{{ config(indexes=[{'columns': ['session_number'], 'unique': true}]) }}

-- What the market returned between any two sessions is the difference of two rows. Decimals: it does not depend on
-- what came before the two.

with market as (
    select * from {{ ref('int_market_returns__averaged') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
)

select
    sessions.session_number,
    market.market_return,
    cast(
        coalesce(sum(cast(ln(1 + market.market_return) as decimal(38, 15))) over so_far, 0) as decimal(38, 15)
    ) as log_return_so_far,
    count(market.market_return) over so_far as return_count_so_far
from sessions
left join market on sessions.session_number = market.session_number
window so_far as (order by sessions.session_number rows between unbounded preceding and current row)
