{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='request_id',
        indexes=[
            {'columns': ['request_id'], 'unique': true},
            {'columns': ['requested_at']},
            {'columns': ['_dlt_load_id']},
            {'columns': ['_updated_at']},
        ],
    )
}}

with loads as (
    {{ new_loads(['ops']) }}
),

requests as (
    select * from {{ ref('stg_ops__requests') }}
    {%- if is_incremental() %}
    where {{ in_array('_dlt_load_id', 'select loads.load_id from loads') }}
    {%- endif %}
),

new_records as (
    select
        requests.request_id,
        requests.source_name,
        requests.endpoint,
        requests.url,
        requests.params_json,
        requests.outcome,
        requests.error_message,
        requests.status_code,
        requests.attempt_count,
        requests.duration_milliseconds,
        requests.byte_count,
        requests.received_row_count,
        requests.quarantined_row_count,
        requests.landing_path,
        requests.requested_at,
        requests.answered_at,
        requests.received_at,
        requests.row_in_response,
        requests._dlt_load_id,
        loads.finished_at as _loaded_at
    from requests
    inner join loads on requests._dlt_load_id = loads.load_id
),

records as (
    select * from new_records
    {%- if is_incremental() %}
    union all
    select
        request_id,
        source_name,
        endpoint,
        url,
        params_json,
        outcome,
        error_message,
        status_code,
        attempt_count,
        duration_milliseconds,
        byte_count,
        received_row_count,
        quarantined_row_count,
        landing_path,
        requested_at,
        answered_at,
        received_at,
        row_in_response,
        _dlt_load_id,
        _loaded_at
    from {{ this }}
    where request_id in (select new_records.request_id from new_records)
    {%- endif %}
),

numbered as (
    select
        *,
        -- Rebuilding raw from landing records the same requests again: the newest record counts.
        row_number() over (
            partition by request_id order by received_at desc, row_in_response desc, _dlt_load_id desc
        ) as record_number,
        max(_dlt_load_id) over (partition by request_id) as last_load_id,
        max(_loaded_at) over (partition by request_id) as last_loaded_at
    from records
)

select
    request_id,
    source_name,
    endpoint,
    url,
    params_json,
    outcome,
    error_message,
    cast(status_code as {{ dbt.type_int() }}) as status_code,
    cast(attempt_count as {{ dbt.type_int() }}) as attempt_count,
    duration_milliseconds,
    byte_count,
    received_row_count,
    quarantined_row_count,
    landing_path,
    requested_at,
    answered_at,
    received_at,
    row_in_response,
    last_load_id as _dlt_load_id,
    last_loaded_at as _loaded_at,
    {{ dbt.current_timestamp() }} as _updated_at
from numbered
where record_number = 1
