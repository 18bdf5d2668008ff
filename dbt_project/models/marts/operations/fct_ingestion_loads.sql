with loads as (
    select * from {{ ref('int_loads__counted') }}
)

select
    source_name,
    load_id,
    finished_at,
    row_count,
    table_count,
    first_received_at,
    last_received_at,
    schema_version_hash,
    _updated_at
from loads
