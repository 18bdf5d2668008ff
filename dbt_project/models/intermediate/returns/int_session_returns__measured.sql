{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['security_key', 'trading_date'], 'unique': true}],
        pre_hook=["{{ follow_changes('int_bars__tracked') }}", "{{ forget_returns_measured_otherwise() }}"],
    )
}}

-- Returns that begin at a session's close, for event studies. They reach forward on purpose: a row must only be joined
-- to what was known by the close of its trading date. What the hook has not forgotten stands as it is.

{%- set bars = ref('int_bars__numbered') %}

with newest as (
    select max(session_number) as session_number from {{ ref('int_bars__tracked') }}
    where bar_number is not null
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

{% if is_incremental() -%}
wanted as (
    select mentioned_days.*
    from mentioned_days
    left join {{ this }} as measured
        on
            mentioned_days.security_key = measured.security_key
            and mentioned_days.trading_date = measured.trading_date
    where measured.security_key is null
),

{% else -%}
wanted as (
    select * from mentioned_days
),

{% endif -%}
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
    from wanted
    {{ looked_up(bars, 'bars', is_same('bars', 'wanted', ['security_key', 'trading_date'])) }}
    cross join newest
)

select
    closes.security_key,
    closes.trading_date,
    closes.session_number,
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
    cast(bars_20.session_number - closes.session_number as {{ dbt.type_int() }}) as last_session_offset,
    closes.session_number + 20 <= closes.newest_session_number as is_final
from closes
{%- for count in [1, 5, 20] %}
{%- set later = 'bars_' ~ count %}
{{
    looked_up(
        bars, later,
        is_same(later, 'closes', ['security_key']) ~ ' and ' ~ later ~ '.bar_number = closes.bar_number_' ~ count
    )
}}
{%- endfor %}
