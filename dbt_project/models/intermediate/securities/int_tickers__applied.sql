{{
    config(
        materialized='incremental',
        full_refresh=false,
        indexes=[{'columns': ['model', 'ticker']}],
    )
}}

-- Starts empty and is written by the post-hooks of the models named in it (see the macro rekeyed_tickers).
select
    cast(null as {{ dbt.type_string() }}) as model,
    cast(null as {{ dbt.type_string() }}) as ticker,
    cast(null as {{ dbt.type_bigint() }}) as security_key,
    cast(null as date) as from_date,
    cast(null as date) as until_date,
    cast(null as {{ dbt.type_int() }}) as ticker_number,
    cast(null as date) as taken_date
where 1 = 0
