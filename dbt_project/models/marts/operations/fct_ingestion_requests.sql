with requests as (
    select * from {{ ref('int_requests__recorded') }}
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
    status_code,
    attempt_count,
    duration_milliseconds,
    byte_count,
    received_row_count,
    quarantined_row_count,
    landing_path,
    requested_at,
    answered_at,
    _updated_at
from requests
