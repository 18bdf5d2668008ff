{{ config(indexes=[{'columns': ['security_key', 'trading_date'], 'unique': true}]) }}

-- Returns that begin at a session's close, for event studies. They reach forward on purpose: a row must only be joined
-- to what was known by the close of its trading date.

{%- set bars = ref('int_bars__numbered') %}

with market as (
    select * from {{ ref('int_session_returns__averaged') }}
),

newest as (
    select max(session_number) as session_number from market
),

mentions as (
    select * from {{ ref('bridge_article_securities') }}
),

mentioned_days as (
    select
        security_key,
        effective_session_date as trading_date
    from mentions
    union
    select
        security_key,
        published_effective_session_date as trading_date
    from mentions
),

-- The last close within the next sessions, as in the mean of the market; a security has one bar a session at most.
closes as (
    select
        {%- for count in [1, 5, 20] %}
        (
            select max(later.bar_number) from {{ bars }} as later
            where
                later.security_key = bars.security_key
                and later.bar_number between bars.bar_number and bars.bar_number + {{ count }}
                and later.session_number <= bars.session_number + {{ count }}
        ) as bar_number_{{ count }},
        {%- endfor %}
        bars.*,
        newest.session_number as newest_session_number
    from mentioned_days
    inner join {{ bars }} as bars
        on mentioned_days.security_key = bars.security_key and mentioned_days.trading_date = bars.trading_date
    cross join newest
),

returns as (
    select
        closes.security_key,
        closes.trading_date,
        case
            when closes.session_number - closes.previous_session_number = 1
                then closes.close_price / closes.previous_close_price - 1
        end as return_0,
        {%- for count in [1, 5, 20] %}
        case
            when
                closes.session_number + {{ count }} <= closes.newest_session_number
                and closes.bar_number_{{ count }} > closes.bar_number
                then bars_{{ count }}.close_price / closes.close_price - 1
        end as return_{{ count }},
        {%- endfor %}
        bars_20.session_number - closes.session_number as last_session_offset
    from closes
    inner join {{ bars }} as bars_1
        on closes.security_key = bars_1.security_key and closes.bar_number_1 = bars_1.bar_number
    inner join {{ bars }} as bars_5
        on closes.security_key = bars_5.security_key and closes.bar_number_5 = bars_5.bar_number
    inner join {{ bars }} as bars_20
        on closes.security_key = bars_20.security_key and closes.bar_number_20 = bars_20.bar_number
)

select
    returns.security_key,
    returns.trading_date,
    {%- for count in [0, 1, 5, 20] %}
    returns.return_{{ count }},
    {%- endfor %}
    {%- for count in [0, 1, 5, 20] %}
    returns.return_{{ count }} - market.return_{{ count }} as abnormal_return_{{ count }},
    {%- endfor %}
    cast(returns.last_session_offset as {{ dbt.type_int() }}) as last_session_offset,
    market.security_count as market_security_count
from returns
inner join market on returns.trading_date = market.trading_date
