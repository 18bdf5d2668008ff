with source as (
    select * from {{ source('raw_rss', 'entries') }}
),

renamed as (
    select
        -- ids
        id as entry_id,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        feed as feed_name,
        feed_title,
        title,
        link as article_url,
        author,
        summary,
        source_title,
        categories as categories_json,

        -- numbers
        _row_number as row_in_response,

        -- times
        published as published_at,
        updated as updated_at,
        _received_at as received_at
    from source
)

select * from renamed
