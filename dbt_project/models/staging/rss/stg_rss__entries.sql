with source as (
    select * from {{ source('raw_rss', 'entries') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(id as {{ dbt.type_string() }}) as entry_id,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(feed as {{ dbt.type_string() }}) as feed_name,
        cast(feed_title as {{ dbt.type_string() }}) as feed_title,
        cast(title as {{ dbt.type_string() }}) as title,
        cast(link as {{ dbt.type_string() }}) as article_url,
        cast(author as {{ dbt.type_string() }}) as author,
        cast(summary as {{ dbt.type_string() }}) as summary,
        cast(source_title as {{ dbt.type_string() }}) as source_title,
        cast(categories as {{ dbt.type_string() }}) as categories_json,

        -- numbers
        _row_number as row_in_response,

        -- times
        published as published_at,
        updated as updated_at,
        _received_at as received_at
    from source
)

select * from renamed
