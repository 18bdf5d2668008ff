{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='trading_date',
        indexes=[{'columns': ['trading_date'], 'unique': true}],
        pre_hook=["{{ follow_changes('int_bars__tracked') }}", "{{ forget_sessions_without_bars() }}"],
    )
}}

-- What the market returned from each session on. It reaches forward on purpose: a row must only be joined to what was
-- known by the close of its trading date.

{%- set limit = var('market_return_limit') %}

with sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
),

newest as (
    select max(session_number) as session_number from {{ ref('int_bars__tracked') }}
    where bar_number is not null
),

{% if is_incremental() -%}
changed as (
    select session_number
    from {{ ref('int_bars__tracked') }}
    where
        change_number > {{ last_followed('int_bars__tracked') }}
        and return_change_number > {{ last_followed('int_bars__tracked') }}
    group by session_number
    union
    -- Sessions since then end the spans of the sessions before them.
    select max(session_number) + 1 from {{ this }}
),

-- Returns begin up to 20 sessions before the close that ends them.
begun as (
    select sessions.session_number
    from sessions
    inner join changed on sessions.session_number between changed.session_number - 20 and changed.session_number
    cross join newest
    where sessions.session_number <= newest.session_number
    group by sessions.session_number
),

reached as (
    select sessions.session_number
    from sessions
    inner join begun on sessions.session_number between begun.session_number and begun.session_number + 20
    group by sessions.session_number
),

{% endif -%}
-- The last close within the next sessions is that of a security that stopped trading among them: who held it could
-- sell at no other price, and to leave it out would forget the companies that failed.
closes as (
    select
        {%- for count in [1, 5, 20] %}
        last_value(close_price) over next_{{ count }} as close_price_{{ count }},
        last_value(session_number) over next_{{ count }} as session_number_{{ count }},
        {%- endfor %}
        trading_date,
        session_number,
        limited_return,
        close_price
    from {{ ref('int_bars__tracked') }}
    where
        bar_number is not null
        {%- if is_incremental() %}
        and {{ is_any_of('session_number', 'select reached.session_number from reached') }}
        {%- endif %}
    window
        next_1 as (partition by security_key order by session_number range between current row and 1 following),
        next_5 as (partition by security_key order by session_number range between current row and 5 following),
        next_20 as (partition by security_key order by session_number range between current row and 20 following)
),

-- One wrong print among thousands would move the mean of a market. Decimals, so that it does not depend on the terms
-- in which prices stand today.
limited as (
    select
        closes.trading_date,
        closes.session_number,
        {%- for count in [1, 5, 20] %}
        case
            when
                closes.session_number + {{ count }} <= newest.session_number
                and closes.session_number_{{ count }} > closes.session_number
                then cast(least(closes.close_price_{{ count }} / closes.close_price - 1, {{ limit }}) as decimal(20, 9))
        end as return_{{ count }},
        {%- endfor %}
        closes.limited_return as return_0
    from closes
    cross join newest
    {%- if is_incremental() %}
    where {{ is_any_of('closes.session_number', 'select begun.session_number from begun') }}
    {%- endif %}
)

select
    trading_date,
    session_number,
    {%- for count in [0, 1, 5, 20] %}
    {{ exact_average('return_' ~ count) }} as return_{{ count }},
    {%- endfor %}
    cast(count(*) as {{ dbt.type_int() }}) as security_count
from limited
group by trading_date, session_number
