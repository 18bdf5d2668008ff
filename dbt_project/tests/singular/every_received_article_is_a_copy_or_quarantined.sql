{{
    config(
        description="""
Articles received = copies of stories + quarantined copies, over the loads that finished no later than the newest one that has been
read.""")
}}

with deliveries as (
    select * from {{ ref('int_articles__unioned') }}
),

loads as (
    select * from {{ ref('stg_polygon__loads') }}
    union all
    select * from {{ ref('stg_alpha_vantage__loads') }}
    union all
    select * from {{ ref('stg_rss__loads') }}
    union all
    select * from {{ ref('stg_headlines__loads') }}
),

newest as (
    select max(_loaded_at) as loaded_at from {{ ref('int_articles__versioned') }}
),

copies as (
    select * from {{ ref('int_articles__grouped') }}
    where not is_deleted
),

quarantined as (
    select * from {{ ref('quarantined_articles') }}
)

select
    deliveries.provider,
    deliveries.copy_key,
    deliveries.title
from deliveries
inner join loads on deliveries.provider = loads.source_name and deliveries._dlt_load_id = loads.load_id
cross join newest
left join copies on deliveries.copy_key = copies.copy_key
left join quarantined on deliveries.copy_key = quarantined.copy_key
where
    loads.is_finished
    and loads.finished_at <= newest.loaded_at
    and case
        when deliveries.rejection_reason is null then copies.copy_key is null
        else quarantined.copy_key is null
    end
