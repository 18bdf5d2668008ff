{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='trading_date',
        indexes=[{'columns': ['trading_date'], 'unique': true}, {'columns': ['_updated_at']}],
    )
}}

with loads as (
    select * from {{ ref('stg_calendar__loads') }}
    where is_finished
),

days as (
    select * from {{ ref('stg_calendar__days') }}
    where exchange_mic = 'XNYS'
),

delivered as (
    select
        days.*,
        -- The calendar is delivered again whenever it is extended: the newest delivery of a date counts.
        row_number() over (
            partition by days.calendar_date
            order by days.received_at desc, days.response_id desc, days.row_in_response desc
        ) as delivery_number
    from days
    inner join loads on days._dlt_load_id = loads.load_id
),

sessions as (
    select
        calendar_date as trading_date,
        is_session,
        is_half_day,
        -- A holiday is a weekday on which the exchange stays closed.
        (not is_session and {{ weekday_number('calendar_date') }} <= 5) as is_holiday,
        holiday_name,
        open_at,
        close_at,
        previous_session_date,
        next_session_date,
        case when is_session then calendar_date else next_session_date end as session_on_or_after_date,
        cast(
            sum(case when is_session then 1 else 0 end) over (order by calendar_date) as {{ dbt.type_int() }}
        ) as session_number
    from delivered
    where delivery_number = 1
)

{{ changed_rows('sessions', key=['trading_date']) }}
