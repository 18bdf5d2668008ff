{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='trading_date',
        indexes=[
            {'columns': ['trading_date'], 'unique': true},
            {'columns': ['session_number']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- Forward returns look ahead on purpose: join a row only to what was known by the close of its trading date.

{%- set only_updates = reads_only_updates([ref('int_bars__sequenced')]) %}
{%- set is_reached = in_array('session_number', 'select reached.session_number from reached') %}
{%- set is_reached = is_reached if only_updates else 'true' %}
{%- set limit = var('market_return_limit') %}

with newest as (
    select max(session_number) as session_number from {{ ref('int_bars__sequenced') }}
    where bar_number is not null and not is_deleted
),

{% if only_updates -%}
changed as (
    select session_number
    from {{ ref('int_bars__sequenced') }}
    where
        session_number is not null
        and ({{ is_updated(column='_return_updated_at') }} or ({{ is_updated() }} and is_deleted))
    group by session_number
    union
    -- Sessions that came since end the spans of those before them.
    select max(session_number) + 1 from {{ this }}
    where not is_deleted
),

sessions as (
    select session_number from {{ this }}
    union
    select session_number from changed
),

-- A return of 20 sessions begins up to 20 sessions before the close that ends it.
begun as (
    select sessions.session_number
    from sessions
    inner join changed on sessions.session_number between changed.session_number - 20 and changed.session_number
    group by sessions.session_number
),

reached as (
    select sessions.session_number
    from sessions
    inner join begun on sessions.session_number between begun.session_number and begun.session_number + 20
    group by sessions.session_number
),

built as (
    select * from {{ this }}
    where session_number in (select begun.session_number from begun)
),

{% endif -%}
bars as (
    select
        security_key,
        trading_date,
        session_number,
        limited_return,
        close_price * split_factor as close_price
    from {{ ref('int_bars__sequenced') }}
    where bar_number is not null and not is_deleted and {{ is_reached }}
),

-- The last close within the next sessions is that of a security that stopped trading among them. Without it the mean
-- would leave out companies that failed.
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
    from bars
    window
        next_1 as (partition by security_key order by session_number range between current row and 1 following),
        next_5 as (partition by security_key order by session_number range between current row and 5 following),
        next_20 as (partition by security_key order by session_number range between current row and 20 following)
),

-- One wrong price among thousands would move the mean of a market. Decimals do not depend on today's split factors.
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
        closes.limited_return
    from closes
    cross join newest
    {%- if only_updates %}
    where closes.session_number in (select begun.session_number from begun)
    {%- endif %}
),

averaged as (
    select
        trading_date,
        session_number,
        {{ exact_average('limited_return') }} as market_return,
        {{ exact_average('return_1') }} as return_1,
        {{ exact_average('return_5') }} as return_5,
        {{ exact_average('return_20') }} as return_20,
        cast(count(*) as {{ dbt.type_int() }}) as security_count
    from limited
    group by trading_date, session_number
),

{% if only_updates -%}
-- Forward returns change daily. Models that follow the market read a session again only if its own return changes.
stamped as (
    select
        averaged.*,
        case
            when
                not built.is_deleted
                and averaged.session_number = built.session_number
                and not (averaged.market_return is distinct from built.market_return)
                then built._market_return_updated_at
            else {{ dbt.current_timestamp() }}
        end as _market_return_updated_at
    from averaged
    left join built on averaged.trading_date = built.trading_date
)

{%- else -%}
stamped as (
    select
        *,
        {{ dbt.current_timestamp() }} as _market_return_updated_at
    from averaged
)

{%- endif %}

{{ changed_rows('stamped', key=['trading_date'], built='built' if only_updates else none) }}
