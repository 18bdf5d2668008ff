{{ config(materialized='incremental', full_refresh=false, indexes=[{'columns': ['model', 'change_number']}]) }}

-- Starts empty and is written by the pre-hooks of the models named in it (see the macros in touch_actions.sql).
select
    cast(null as {{ dbt.type_string() }}) as model,
    cast(null as {{ dbt.type_string() }}) as provider,
    cast(null as {{ dbt.type_string() }}) as ticker,
    cast(null as {{ dbt.type_bigint() }}) as security_key,
    cast(null as {{ dbt.type_int() }}) as change_number
where 1 = 0
