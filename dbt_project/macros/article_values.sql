{#- What makes a version of an article: where one of these changes, it was edited. -#}
{% macro article_values() -%}
    {{ return([
        'title', 'article_url', 'outlet', 'author', 'summary', 'tickers_json', 'ticker_sentiments_json',
        'sentiment_score', 'published_at'
    ]) }}
{%- endmacro %}
