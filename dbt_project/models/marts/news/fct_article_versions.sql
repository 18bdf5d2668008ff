{{ config(indexes=[{'columns': ['article_key', 'known_from']}, {'columns': ['known_from']}]) }}

with versions as (
    select * from {{ ref('int_articles__versioned') }}
),

stories as (
    select * from {{ ref('int_articles__grouped') }}
),

compared as (
    select
        versions.*,
        stories.article_key,
        earlier.copy_key is not null as is_edit,
        earlier.title as earlier_title,
        earlier.summary as earlier_summary,
        earlier.tickers_json as earlier_tickers_json
    from versions
    inner join stories on versions.copy_key = stories.copy_key
    left join versions as earlier
        on versions.copy_key = earlier.copy_key and versions.version_number = earlier.version_number + 1
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
