{{ config(materialized='incremental', full_refresh=false, indexes=[{'columns': ['change_number']}]) }}

-- Starts empty and is written by bridge_article_securities (see the macro touch_news_days).
select
    cast(null as {{ dbt.type_bigint() }}) as security_key,
    cast(null as date) as trading_date,
    cast(null as {{ dbt.type_int() }}) as change_number
where 1 = 0
