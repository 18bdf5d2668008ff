{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='copy_key',
        indexes=[{'columns': ['article_key', 'known_from']}, {'columns': ['known_from']}],
        pre_hook="{{ forget_outdated_stories() }}",
        post_hook="{{ note_stories_as_told() }}",
    )
}}

with stories as (
    select * from {{ ref('int_articles__grouped') }}
    where {{ is_outdated('article_key') }}
),

compared as (
    select
        versions.*,
        stories.article_key,
        lag(versions.version_number) over versions_of_copy is not null as is_edit,
        lag(versions.title) over versions_of_copy as earlier_title,
        lag(versions.summary) over versions_of_copy as earlier_summary,
        lag(versions.tickers_json) over versions_of_copy as earlier_tickers_json
    from {{ ref('int_articles__versioned') }} as versions
    inner join stories on versions.copy_key = stories.copy_key
    window versions_of_copy as (partition by versions.copy_key order by versions.version_number)
)

select
    copy_key,
    version_number,
    article_key,
    publication_key,
    provider,
    title,
    article_url as url,
    outlet,
    author,
    summary,
    sentiment_score,
    published_at,
    is_edit and (title is distinct from earlier_title) as has_new_title,
    is_edit and (summary is distinct from earlier_summary) as has_new_text,
    is_edit and (tickers_json is distinct from earlier_tickers_json) as has_new_tickers,
    first_received_at as copy_known_from,
    known_from,
    known_to,
    known_to is null as is_current
from compared
