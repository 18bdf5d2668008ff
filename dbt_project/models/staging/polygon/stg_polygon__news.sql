with source as (
    select * from {{ source('raw_polygon', 'news') }}
),

renamed as (
    select
        -- ids
        id as article_id,
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        title,
        description as summary,
        author,
        publisher_name,
        publisher_homepage_url,
        article_url,
        amp_url,
        image_url,
        tickers as tickers_json,
        keywords as keywords_json,
        insights as insights_json,

        -- numbers
        _row_number as row_in_response,

        -- times
        published_utc as published_at,
        _received_at as received_at
    from source
)

select * from renamed
