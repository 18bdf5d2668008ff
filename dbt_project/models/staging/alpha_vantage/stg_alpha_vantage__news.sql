with source as (
    select * from {{ source('raw_alpha_vantage', 'news') }}
),

renamed as (
    select
        -- ids
        _response_id as response_id,
        _dlt_load_id,

        -- strings
        title,
        url as article_url,
        summary,
        source as outlet,
        source_domain as outlet_domain,
        category_within_source as outlet_category,
        banner_image as image_url,
        authors as authors_json,
        topics as topics_json,
        ticker_sentiment as ticker_sentiment_json,
        overall_sentiment_label as sentiment_label,

        -- numbers
        overall_sentiment_score as sentiment_score,
        _row_number as row_in_response,

        -- times
        time_published as published_at,
        _received_at as received_at
    from source
)

select * from renamed
