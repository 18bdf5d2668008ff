{{ config(materialized='incremental', full_refresh=false) }}

-- Starts empty and is written by mart_stock_days, in the transaction that takes over the counts. Whatever differs from
-- it has to be taken over anew.
select
    cast(null as {{ dbt.type_bigint() }}) as security_key,
    cast(null as date) as trading_date,
    cast(null as {{ dbt.type_int() }}) as article_count,
    cast(null as {{ type_double() }}) as mean_sentiment_score,
    cast(null as {{ dbt.type_int() }}) as known_article_count,
    cast(null as {{ type_double() }}) as known_mean_sentiment_score
where 1 = 0
