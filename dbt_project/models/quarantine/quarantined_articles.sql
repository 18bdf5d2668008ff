with deliveries as (
    select * from {{ ref('int_articles__unioned') }}
    where rejection_reason is not null and {{ is_finished(article_providers(), source_column='provider') }}
),

numbered as (
    select
        *,
        -- A feed repeats its broken entries at every reading: the last delivery stands for all.
        row_number() over (
            partition by copy_key
            order by received_at desc, response_id desc, row_in_response desc
        ) as delivery_number,
        count(*) over (partition by copy_key) as delivery_count,
        min(received_at) over (partition by copy_key) as first_received_at
    from deliveries
)

select
    copy_key,
    provider,
    rejection_reason,
    title,
    article_url,
    outlet,
    published_at,
    delivery_count,
    first_received_at,
    received_at as last_received_at,
    response_id,
    row_in_response
from numbered
where delivery_number = 1
