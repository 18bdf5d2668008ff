{{
    config(
        materialized='incremental',
        full_refresh=false,
        indexes=[{'columns': ['model', 'article_key']}],
    )
}}

-- Starts empty, is written by int_articles__grouped and int_article_mentions__extracted, and emptied by the models that
-- tell stories (see the macro tellers_of_stories).
select
    cast(null as {{ dbt.type_string() }}) as model,
    cast(null as {{ dbt.type_string() }}) as article_key
where 1 = 0
