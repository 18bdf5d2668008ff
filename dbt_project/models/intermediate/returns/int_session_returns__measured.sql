{{ config(indexes=[{'columns': ['security_key', 'trading_date'], 'unique': true}]) }}

-- Returns that begin at a session's close, for event studies. They reach forward on purpose: a row must only be joined
-- to what was known by the close of its trading date.

with bars as (
    -- The one place that names the prices reactions are made of.
    select * from {{ ref('fct_daily_bars_adjusted') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
),

usable as (
    select
        bars.security_key,
        bars.trading_date,
        sessions.session_number,
        bars.close_price
    from bars
    inner join sessions on bars.trading_date = sessions.trading_date
    where
        {{
            suspicion_of_bar(
                'bars.open_price', 'bars.high_price', 'bars.low_price', 'bars.close_price', 'bars.volume'
            )
        }} is null
),

newest as (
    select max(session_number) as session_number from usable
),

-- The last close within the next sessions is that of a security that stopped trading among them: who held it could
-- sell at no other price, and to leave it out would forget the companies that failed.
closes as (
    select
        security_key,
        trading_date,
        session_number,
        close_price,
        case
            when session_number - lag(session_number) over all_bars = 1 then lag(close_price) over all_bars
        end as previous_close_price,
        last_value(close_price) over next_1 as close_price_1,
        last_value(session_number) over next_1 as session_number_1,
        last_value(close_price) over next_5 as close_price_5,
        last_value(session_number) over next_5 as session_number_5,
        last_value(close_price) over next_20 as close_price_20,
        last_value(session_number) over next_20 as session_number_20
    from usable
    window
        all_bars as (partition by security_key order by session_number),
        next_1 as (partition by security_key order by session_number range between current row and 1 following),
        next_5 as (partition by security_key order by session_number range between current row and 5 following),
        next_20 as (partition by security_key order by session_number range between current row and 20 following)
),

returns as (
    select
        closes.security_key,
        closes.trading_date,
        closes.close_price / closes.previous_close_price - 1 as return_0,
        case
            when closes.session_number + 1 <= newest.session_number and closes.session_number_1 > closes.session_number
                then closes.close_price_1 / closes.close_price - 1
        end as return_1,
        case
            when closes.session_number + 5 <= newest.session_number and closes.session_number_5 > closes.session_number
                then closes.close_price_5 / closes.close_price - 1
        end as return_5,
        case
            when
                closes.session_number + 20 <= newest.session_number
                and closes.session_number_20 > closes.session_number
                then closes.close_price_20 / closes.close_price - 1
        end as return_20,
        closes.session_number_20 - closes.session_number as last_session_offset
    from closes
    cross join newest
),

-- One wrong print among thousands would move the mean of a market.
limited as (
    select
        trading_date,
        least(return_0, {{ var('market_return_limit') }}) as return_0,
        least(return_1, {{ var('market_return_limit') }}) as return_1,
        least(return_5, {{ var('market_return_limit') }}) as return_5,
        least(return_20, {{ var('market_return_limit') }}) as return_20
    from returns
),

market as (
    select
        trading_date,
        count(*) as security_count,
        {{ exact_average('return_0') }} as return_0,
        {{ exact_average('return_1') }} as return_1,
        {{ exact_average('return_5') }} as return_5,
        {{ exact_average('return_20') }} as return_20
    from limited
    group by trading_date
)

select
    returns.security_key,
    returns.trading_date,
    returns.return_0,
    returns.return_1,
    returns.return_5,
    returns.return_20,
    returns.return_0 - market.return_0 as abnormal_return_0,
    returns.return_1 - market.return_1 as abnormal_return_1,
    returns.return_5 - market.return_5 as abnormal_return_5,
    returns.return_20 - market.return_20 as abnormal_return_20,
    cast(returns.last_session_offset as {{ dbt.type_int() }}) as last_session_offset,
    cast(market.security_count as {{ dbt.type_int() }}) as market_security_count
from returns
inner join market on returns.trading_date = market.trading_date
