{{ config(materialized='incremental', full_refresh=false) }}

-- Starts empty and is written by fct_daily_bars_adjusted, in the transaction that applies the factors. Whatever differs
-- from it has to be applied anew.
select
    cast(null as {{ dbt.type_string() }}) as security_key,
    cast(null as date) as from_date,
    cast(null as date) as until_date,
    cast(null as {{ type_double() }}) as split_factor,
    cast(null as {{ type_double() }}) as dividend_factor,
    cast(null as {{ type_timestamp_tz() }}) as known_from
where 1 = 0
