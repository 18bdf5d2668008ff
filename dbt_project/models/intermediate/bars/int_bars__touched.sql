{{ config(materialized='incremental', full_refresh=false, indexes=[{'columns': ['change_number']}]) }}

-- Starts empty and is written by fct_daily_bars_adjusted (see the macro touch_bars).
select
    cast(null as {{ dbt.type_bigint() }}) as security_key,
    cast(null as date) as first_trading_date,
    cast(null as {{ dbt.type_int() }}) as change_number
where 1 = 0
