-- Does every source deliver? Loads, rows and requests of each source, with errors and the provider's response time.
with loads as (
    select
        source_name,
        count(*) as load_count,
        sum(row_count) as row_count,
        max(finished_at) as last_finished_at
    from {{ ref('fct_ingestion_loads') }}
    group by source_name
),

requests as (
    select
        source_name,
        count(*) as request_count,
        sum(case when is_good then 0 else 1 end) as failed_request_count,
        sum(quarantined_row_count) as quarantined_row_count,
        {{ median('duration_milliseconds') }} as median_milliseconds
    from {{ ref('fct_ingestion_requests') }}
    group by source_name
)

select
    loads.source_name,
    loads.load_count,
    loads.row_count,
    loads.last_finished_at,
    requests.request_count,
    requests.failed_request_count,
    requests.quarantined_row_count,
    round(cast(requests.median_milliseconds as numeric)) as median_milliseconds
from loads
left join requests on loads.source_name = requests.source_name
order by loads.source_name
