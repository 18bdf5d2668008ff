{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='copy_key',
        contract={'enforced': true},
        indexes=[{'columns': ['copy_key'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=article_providers()) }}",
    )
}}

with articles as (
    select * from {{ ref('int_articles__unioned') }}
    where
        rejection_reason is not null
        and {{ is_newly_claimed(article_providers(), source_column='provider') }}
),

deliveries as (
    select
        copy_key,
        provider,
        rejection_reason,
        title,
        article_url,
        outlet,
        published_at,
        1 as delivery_count,
        received_at as first_received_at,
        received_at as last_received_at,
        response_id,
        row_in_response
    from articles
    {%- if is_incremental() %}
    union all
    -- What was quarantined before stands for its deliveries.
    select
        known.copy_key,
        known.provider,
        known.rejection_reason,
        known.title,
        known.article_url,
        known.outlet,
        known.published_at,
        known.delivery_count,
        known.first_received_at,
        known.last_received_at,
        known.response_id,
        known.row_in_response
    from {{ this }} as known
    where {{ is_any_of('known.copy_key', 'select articles.copy_key from articles') }}
    {%- endif %}
),

numbered as (
    select
        *,
        -- A feed repeats its broken entries at every reading: the last delivery stands for all.
        row_number() over (
            partition by copy_key
            order by last_received_at desc, response_id desc, row_in_response desc
        ) as delivery_number,
        sum(delivery_count) over (partition by copy_key) as delivery_count_of_copy,
        min(first_received_at) over (partition by copy_key) as first_received_at_of_copy
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
    cast(delivery_count_of_copy as {{ dbt.type_bigint() }}) as delivery_count,
    first_received_at_of_copy as first_received_at,
    last_received_at,
    response_id,
    row_in_response
from numbered
where delivery_number = 1
