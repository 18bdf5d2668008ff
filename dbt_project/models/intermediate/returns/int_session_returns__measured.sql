{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[
            {'columns': ['security_key', 'trading_date'], 'unique': true},
            {'columns': ['is_final', 'session_number']},
        ],
        pre_hook=[
            "{{ follow_changes('int_bars__tracked') }}",
            "{{ follow_changes('int_news_days__counted') }}",
            "{{ forget_bars_no_longer_there() }}",
        ],
    )
}}

-- Returns that begin at a session's close, for event studies. They reach forward on purpose: a row must only be joined
-- to what was known by the close of its trading date.

{#- Read where they are needed: as steps of the query's own they would be copied whole, without their indexes. -#}
{%- set bars = ref('int_bars__numbered') %}
{%- set news_days = ref('int_news_days__counted') %}

with newest as (
    select max(session_number) as session_number from {{ ref('int_bars__tracked') }}
    where bar_number is not null
),

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
changed as (  -- noqa: ST03
    select
        security_key,
        trading_date,
        session_number
    from {{ ref('int_bars__tracked') }}
    where change_number > {{ last_followed('int_bars__tracked') }}
),

changed_from as (  -- noqa: ST03
    select
        security_key,
        min(session_number) as session_number
    from changed
    group by security_key
),

{% if is_incremental() -%}
wanted as (
    select
        security_key,
        trading_date
    from {{ news_days }}
    where change_number > {{ last_followed('int_news_days__counted') }}
    union
    -- A bar where news was waiting for one.
    select
        waiting.security_key,
        waiting.trading_date
    from changed
    {{ looked_up(news_days, 'waiting', is_same('waiting', 'changed', ['security_key', 'trading_date'])) }}
    union
    -- Sessions were still to come, or are again: the newest may have lost its bars.
    select
        security_key,
        trading_date
    from {{ this }}
    where not is_final
    union
    select
        security_key,
        trading_date
    from {{ this }}
    where is_final and session_number > (select newest.session_number - 20 from newest)
    union
    select
        measured.security_key,
        measured.trading_date
    from changed_from
    inner join {{ this }} as measured
        on
            changed_from.security_key = measured.security_key
            and changed_from.session_number <= measured.session_number + 20
),

{% else -%}
wanted as (
    select
        security_key,
        trading_date
    from {{ news_days }}
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
