{{
    config(
        materialized='incremental',
        full_refresh=false,
        indexes=[{'columns': ['model', 'trading_date'], 'unique': true}],
    )
}}

-- Starts empty and is written by the models named in it (see the macro note_applied_sessions).
select
    cast(null as {{ dbt.type_string() }}) as model,
    cast(null as date) as trading_date,
    cast(null as boolean) as is_session,
    cast(null as {{ type_timestamp_tz() }}) as open_at,
    cast(null as {{ type_timestamp_tz() }}) as close_at,
    cast(null as date) as next_session_date,
    cast(null as date) as session_on_or_after_date
where 1 = 0
