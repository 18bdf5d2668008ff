with bars as (
    select * from {{ ref('int_bars__numbered') }}
),

market as (
    select * from {{ ref('int_market_returns__averaged') }}
),

-- Few bars follow a missing session, so that each can look up every session since the bar before it.
gapped as (
    select * from bars
    where session_number - previous_session_number > 1
)

select
    gapped.security_key,
    gapped.trading_date,
    -- Decimals: their sum does not depend on the order in which the database comes across the rows.
    exp(
        cast(sum(cast(ln(1 + market.market_return) as decimal(38, 15))) as {{ type_double() }})
    ) - 1 as market_return
from gapped
inner join market
    on gapped.previous_session_number < market.session_number and gapped.session_number >= market.session_number
group by gapped.security_key, gapped.trading_date
