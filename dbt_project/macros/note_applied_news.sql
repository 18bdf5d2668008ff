{#- What mart_stock_days has just taken over, for its next run to compare with. -#}
{% macro note_applied_news() -%}
    {%- set applied = ref('int_news_days__applied') -%}
    delete from {{ applied }}
    where not exists (
        select 1 from {{ ref('int_news_days__counted') }} as counted
        where
            counted.security_key = {{ applied }}.security_key
            and counted.trading_date = {{ applied }}.trading_date
            and counted.article_count = {{ applied }}.article_count
            and counted.known_article_count = {{ applied }}.known_article_count
            and counted.mean_sentiment_score is not distinct from {{ applied }}.mean_sentiment_score
            and counted.known_mean_sentiment_score is not distinct from {{ applied }}.known_mean_sentiment_score
    );
    insert into {{ applied }} (
        security_key, trading_date, article_count, mean_sentiment_score, known_article_count, known_mean_sentiment_score
    )
    select
        counted.security_key,
        counted.trading_date,
        counted.article_count,
        counted.mean_sentiment_score,
        counted.known_article_count,
        counted.known_mean_sentiment_score
    from {{ ref('int_news_days__counted') }} as counted
    where not exists (
        select 1 from {{ applied }} as noted
        where noted.security_key = counted.security_key and noted.trading_date = counted.trading_date
    )
{%- endmacro %}
