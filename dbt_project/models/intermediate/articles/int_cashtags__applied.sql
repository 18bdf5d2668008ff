{{ config(materialized='incremental', full_refresh=false) }}

-- Starts empty and is written by int_article_mentions__extracted (see the macro note_stories_of_newly_known_tickers).
select
    cast(null as {{ dbt.type_string() }}) as ticker,
    cast(null as {{ type_timestamp_tz() }}) as known_from
where 1 = 0
