with source as (
    select * from {{ source('raw_polygon', 'news') }}
    where {{ is_known_by_now() }}
),

renamed as (
    select
        -- ids
        cast(id as {{ dbt.type_string() }}) as article_id,
        cast(_response_id as {{ dbt.type_string() }}) as response_id,
        cast(_dlt_load_id as {{ dbt.type_string() }}) as _dlt_load_id,

        -- strings
        cast(title as {{ dbt.type_string() }}) as title,
        cast(description as {{ dbt.type_string() }}) as summary,
        cast(author as {{ dbt.type_string() }}) as author,
        cast(publisher_name as {{ dbt.type_string() }}) as publisher_name,
        cast(publisher_homepage_url as {{ dbt.type_string() }}) as publisher_homepage_url,
        cast(article_url as {{ dbt.type_string() }}) as article_url,
        cast(amp_url as {{ dbt.type_string() }}) as amp_url,
        cast(image_url as {{ dbt.type_string() }}) as image_url,
        cast(tickers as {{ dbt.type_string() }}) as tickers_json,
        cast(keywords as {{ dbt.type_string() }}) as keywords_json,
        cast(insights as {{ dbt.type_string() }}) as insights_json,

        -- numbers
        _row_number as row_in_response,

        -- times
        published_utc as published_at,
        _received_at as received_at
    from source
)

select * from renamed
