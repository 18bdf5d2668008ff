with loads as (
    select * from {{ ref('int_loads__unioned') }}
    where is_finished
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
),

numbered as (
    select
        *,
        -- dlt lists a load once; were it listed twice, one is enough.
        row_number() over (partition by source_name, load_id order by finished_at desc) as listing_number
    from loads
)

select
    numbered.source_name,
    numbered.load_id,
    numbered.finished_at,
    cast(coalesce(counted.row_count, 0) as {{ dbt.type_bigint() }}) as row_count,
    cast(coalesce(counted.table_count, 0) as {{ dbt.type_int() }}) as table_count,
    counted.first_received_at,
    counted.last_received_at,
    numbered.schema_version_hash
from numbered
left join counted on numbered.source_name = counted.source_name and numbered.load_id = counted.load_id
where numbered.listing_number = 1
