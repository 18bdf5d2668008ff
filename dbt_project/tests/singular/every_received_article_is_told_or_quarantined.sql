{{
    config(
        description="""
Articles received = copies of stories + quarantined copies, over the loads that have been read.""")
}}

with deliveries as (
    select * from {{ ref('int_articles__unioned') }}
),

read_loads as (
    select * from {{ ref('int_loads__processed') }}
    where model = 'int_articles__versioned'
),

copies as (
    select * from {{ ref('int_articles__grouped') }}
),

quarantined as (
    select * from {{ ref('quarantined_articles') }}
)

select
    deliveries.provider,
    deliveries.copy_key,
    deliveries.title
from deliveries
inner join read_loads on deliveries.provider = read_loads.source and deliveries._dlt_load_id = read_loads.load_id
left join copies on deliveries.copy_key = copies.copy_key
left join quarantined on deliveries.copy_key = quarantined.copy_key
where copies.copy_key is null and quarantined.copy_key is null
