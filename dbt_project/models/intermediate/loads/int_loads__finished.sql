{{ config(indexes=[{'columns': ['source_name', 'load_id'], 'unique': true}]) }}

-- Taken down once in each build, before anything is read: all models of a build see the same loads, so that facts and
-- dimensions fit even while ingestion goes on.

with loads as (
    {% for source_name in raw_tables() -%}
    select * from {{ ref('stg_' ~ source_name ~ '__loads') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

numbered as (
    select
        *,
        -- dlt lists a load once; were it listed twice, one is enough.
        row_number() over (partition by source_name, load_id order by finished_at desc) as listing_number
    from loads
    where is_finished
)

select
    source_name,
    load_id,
    schema_version_hash,
    finished_at
from numbered
where listing_number = 1
