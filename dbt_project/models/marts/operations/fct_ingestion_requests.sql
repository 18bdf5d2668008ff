{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='request_id',
        indexes=[{'columns': ['requested_at']}],
        pre_hook="{{ claim_new_loads(sources=['ops']) }}",
    )
}}

with requests as (
    select * from {{ ref('stg_ops__requests') }}
    where {{ is_newly_claimed(['ops']) }}
),

numbered as (
    select
        *,
        -- Building raw again from landing records the same requests again: the newest record counts.
        row_number() over (partition by request_id order by received_at desc, row_in_response desc) as record_number
    from requests
)

select
    request_id,
    source_name,
    endpoint,
    url,
    params_json,
    outcome,
    outcome in ('ok', 'not_modified', 'empty') as is_good,
    error_message,
    cast(status_code as {{ dbt.type_int() }}) as status_code,
    cast(attempt_count as {{ dbt.type_int() }}) as attempt_count,
    duration_milliseconds,
    byte_count,
    received_row_count,
    quarantined_row_count,
    landing_path,
    requested_at,
    answered_at
from numbered
where record_number = 1
