{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['security_key', 'trading_date'], 'unique': true}, {'columns': ['change_number']}],
        pre_hook=["{{ number_changes() }}", "{{ follow_changes('bridge_article_securities') }}"],
    )
}}

{%- set counts = ['article_count', 'mean_sentiment_score', 'known_article_count', 'known_mean_sentiment_score'] %}
{%- set session_columns = {'published': 'published_effective_session_date', 'known': 'effective_session_date'} %}

{#- Read where it is needed: as a step of the query's own it would be copied whole, without its indexes. -#}
{%- set mentions = ref('bridge_article_securities') %}
{%- set articles = ref('fct_articles') %}

-- A session whose news has gone keeps its row, with nothing counted, or whoever builds on it would not learn of it.

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
with touched as (  -- noqa: ST03
    select
        security_key,
        trading_date
    from {{ ref('int_news_days__touched') }}
    where change_number > {{ last_followed('bridge_article_securities') }}
    group by security_key, trading_date
),

{% if is_incremental() -%}
days as (
    select * from touched
),

{% else -%}
days as (
    {%- for column in session_columns.values() %}
    select
        security_key,
        {{ column }} as trading_date
    from {{ mentions }}
    where {{ column }} is not null
    {{ 'union' if not loop.last }}
    {%- endfor %}
),

{% endif -%}
{% for name, column in session_columns.items() -%}
{{ name }}_days as (
    select
        mentions.security_key,
        mentions.{{ column }} as trading_date,
        count(*) as article_count,
        {{ exact_average('coalesce(mentions.sentiment_score, articles.sentiment_score)') }} as mean_sentiment_score
    {%- if is_incremental() %}
    from days
    {{
        looked_up(
            mentions, 'mentions',
            'mentions.security_key = days.security_key and mentions.' ~ column ~ ' = days.trading_date'
        )
    }}
    {{ looked_up(articles, 'articles', is_same('articles', 'mentions', ['article_key'])) }}
    {%- else %}
    from {{ mentions }} as mentions
    inner join {{ articles }} as articles on mentions.article_key = articles.article_key
    {%- endif %}
    group by mentions.security_key, mentions.{{ column }}
),

{% endfor -%}
counted as (
    select
        days.security_key,
        days.trading_date,
        cast(coalesce(published_days.article_count, 0) as {{ dbt.type_int() }}) as article_count,
        published_days.mean_sentiment_score,
        cast(coalesce(known_days.article_count, 0) as {{ dbt.type_int() }}) as known_article_count,
        known_days.mean_sentiment_score as known_mean_sentiment_score
    from days
    left join published_days
        on days.security_key = published_days.security_key and days.trading_date = published_days.trading_date
    left join known_days
        on days.security_key = known_days.security_key and days.trading_date = known_days.trading_date
)

{% if is_incremental() -%}
select
    counted.*,
    {{ this_change() }} as change_number
from counted
{{ last_looked_up(this, 'known', is_same('known', 'counted', ['security_key', 'trading_date']), 'trading_date') }}
where
    known.security_key is null
    {%- for column in counts %}
    or known.{{ column }} is distinct from counted.{{ column }}
    {%- endfor %}
{%- else -%}
select
    *,
    {{ this_change() }} as change_number
from counted
{%- endif %}
