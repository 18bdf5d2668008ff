{{
    config(
        materialized='incremental',
        full_refresh=false,
        indexes=[{'columns': ['model', 'followed'], 'unique': true}],
    )
}}

-- Starts empty and is written by the pre-hooks of the models that number their changes, and of those that follow them
-- (see the macros number_changes and follow_changes). It outlives full refreshes.
select
    cast(null as {{ dbt.type_string() }}) as model,
    cast(null as {{ dbt.type_string() }}) as followed,
    cast(null as {{ dbt.type_int() }}) as after_number,
    cast(null as {{ dbt.type_int() }}) as change_number
where 1 = 0
