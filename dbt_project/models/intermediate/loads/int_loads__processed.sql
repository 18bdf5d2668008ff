{{
    config(
        materialized='incremental',
        unique_key=['model', 'source', 'load_id'],
        full_refresh=false,
        indexes=[{'columns': ['model', 'source', 'load_id'], 'unique': true}],
    )
}}

-- Starts empty and is written by the pre-hooks of models that claim loads (see the macro claim_new_loads).
-- It outlives full refreshes of its readers, which forget their own rows only.
select
    cast(null as {{ dbt.type_string() }}) as model,
    cast(null as {{ dbt.type_string() }}) as source,
    cast(null as {{ dbt.type_string() }}) as load_id,
    cast(null as {{ dbt.type_string() }}) as invocation_id,
    cast(null as {{ type_timestamp_tz() }}) as processed_at
where 1 = 0
