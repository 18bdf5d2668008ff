{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='trading_date',
        indexes=[{'columns': ['trading_date'], 'unique': true}],
        pre_hook=["{{ number_changes() }}", "{{ follow_changes('int_bars__tracked') }}"],
    )
}}

with touched as (
    select session_number
    from {{ ref('int_bars__tracked') }}
    where
        change_number > {{ last_followed('int_bars__tracked') }}
        and return_change_number > {{ last_followed('int_bars__tracked') }}
    group by session_number
),

{% if is_incremental() -%}
known as (
    select * from {{ this }}
),

{% endif -%}
averaged as (
    select
        trading_date,
        session_number,
        {{ exact_average('limited_return') }} as market_return,
        cast(count(limited_return) as {{ dbt.type_int() }}) as security_count
    from {{ ref('int_bars__tracked') }}
    {%- if is_incremental() %}
    where {{ is_any_of('session_number', 'select touched.session_number from touched') }}
    {%- endif %}
    group by trading_date, session_number
)

select
    averaged.trading_date,
    averaged.session_number,
    averaged.market_return,
    averaged.security_count,
    {{ this_change() }} as change_number
from averaged
{%- if is_incremental() %}
left join known on averaged.trading_date = known.trading_date
where
known.trading_date is null
or averaged.market_return is distinct from known.market_return
or averaged.security_count != known.security_count
{%- endif %}
