{{
    config(
        description="""
A calendar that is corrected in the past gives later sessions other numbers. What counts in sessions has then to be built
anew: `dbt build --full-refresh --select int_bars__tracked+`.""")
}}

with averaged as (
    select * from {{ ref('int_market_returns__averaged') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
)

select
    averaged.trading_date,
    averaged.session_number,
    sessions.session_number as session_number_now
from averaged
left join sessions on averaged.trading_date = sessions.trading_date
where sessions.session_number is null or sessions.session_number != averaged.session_number
