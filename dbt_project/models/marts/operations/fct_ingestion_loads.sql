with loads as (
    select * from {{ ref('int_loads__finished') }}
),

counts as (
    select * from {{ ref('int_loads__counted') }}
),

counted as (
    select
        source_name,
        load_id,
        sum(row_count) as row_count,
        count(*) as table_count,
        min(first_received_at) as first_received_at,
        max(last_received_at) as last_received_at
    from counts
    group by source_name, load_id
)

select
    loads.source_name,
    loads.load_id,
    loads.finished_at,
    cast(coalesce(counted.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
    cast(coalesce(counted.table_count, 0) as {{ dbt.type_int() }}) as table_count,
    counted.first_received_at,
    counted.last_received_at,
    loads.schema_version_hash
from loads
left join counted on loads.source_name = counted.source_name and loads.load_id = counted.load_id
-- Of the past: loads that had brought something by then.
where {{ is_known_by_now('counted.first_received_at') }}
