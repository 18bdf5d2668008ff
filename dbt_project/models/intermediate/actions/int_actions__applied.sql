{{
    config(
        materialized='incremental',
        unique_key=['model', 'security_key'],
        full_refresh=false,
        on_schema_change='append_new_columns',
        indexes=[{'columns': ['model', 'security_key']}],
    )
}}

-- Starts empty and is written by the post-hooks of the models named in it, in the transaction that applies the factors
-- (see the macro refactored_securities).
select
    cast(null as {{ dbt.type_string() }}) as model,
    cast(null as {{ dbt.type_bigint() }}) as security_key,
    cast(null as date) as from_date,
    cast(null as date) as until_date,
    cast(null as {{ type_double() }}) as split_factor,
    cast(null as {{ type_double() }}) as dividend_factor,
    cast(null as {{ type_timestamp_tz() }}) as known_from
where 1 = 0
