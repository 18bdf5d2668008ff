{{ config(pre_hook="{{ claim_new_loads(sources=['polygon']) }}") }}

with pages as (
    select * from {{ ref('stg_polygon__listings') }}
    where {{ is_finished(['polygon']) }}
),

numbered as (
    select
        *,
        -- Pages of one kind are asked for one after the other, and answers sort by id in the order in which they came:
        -- a list goes from its first page to the one before the next list's first.
        sum(case when is_first_page then 1 else 0 end) over (
            partition by action_kind
            order by received_at, response_id
        ) as listing_number
    from pages
)

select
    response_id,
    action_kind,
    listing_number,
    min(listed_from_date) over listing as listed_from_date,
    max(received_at) over listing as completed_at,
    -- A list that broke off, or that held a row we could not read, says nothing of what is missing from it.
    max(case when is_last_page then 1 else 0 end) over listing = 1
    and sum(refused_row_count) over listing = 0 as is_complete
from numbered
window listing as (partition by action_kind, listing_number)
