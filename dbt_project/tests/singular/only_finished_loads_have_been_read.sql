{{
    config(
        description="""
A load that has not finished may still change or vanish: no model may have read it.""")
}}

with processed as (
    select * from {{ ref('int_loads__processed') }}
),

loads as (
    select * from {{ ref('int_loads__unioned') }}
    where is_finished
)

select processed.*
from processed
left join loads on processed.source = loads.source_name and processed.load_id = loads.load_id
where loads.load_id is null
