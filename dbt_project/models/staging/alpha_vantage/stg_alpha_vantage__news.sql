with source as (
    select * from {{ source('raw_alpha_vantage', 'news') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(title as {{ dbt.type_string() }}) as title,
        cast(url as {{ dbt.type_string() }}) as article_url,
        cast(summary as {{ dbt.type_string() }}) as summary,
        cast(source as {{ dbt.type_string() }}) as outlet,
        cast(source_domain as {{ dbt.type_string() }}) as outlet_domain,
        cast(category_within_source as {{ dbt.type_string() }}) as outlet_category,
        cast(banner_image as {{ dbt.type_string() }}) as image_url,
        cast(authors as {{ dbt.type_string() }}) as authors_json,
        cast(topics as {{ dbt.type_string() }}) as topics_json,
        cast(ticker_sentiment as {{ dbt.type_string() }}) as ticker_sentiment_json,
        cast(overall_sentiment_label as {{ dbt.type_string() }}) as sentiment_label,

        -- numbers
        overall_sentiment_score as sentiment_score,
        _row_number as row_in_response,

        -- times
        time_published as published_at,
        _received_at as received_at
    from source
)

select * from renamed
