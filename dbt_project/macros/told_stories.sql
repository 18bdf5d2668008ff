{#-
    One row per story of `copies`, of which there is one version each: those that are current, for the models, or those
    that were at some moment, for `articles_as_of`. The copy published first speaks for the story.
-#}
{% macro told_stories(copies) -%}
    {%- set spoken = ['title', 'article_url', 'outlet', 'author', 'summary'] -%}
    select
        article_key,
        {%- for column in spoken %}
        max(case when copy_number = 1 then {{ column }} end) as {{ column }},
        {%- endfor %}
        max(case when copy_number = 1 then provider end) as first_provider,
        max(case when copy_number = 1 then published_at end) as published_at,
        min(first_received_at) as known_from,
        count(distinct publication_key) as copy_count,
        count(distinct provider) as provider_count,
        {{ exact_average('sentiment_score') }} as sentiment_score
    from (
        select
            *,
            -- Several outlets and providers carry a story: the copy published first speaks for it.
            row_number() over (
                partition by article_key
                order by published_at, first_received_at, copy_key
            ) as copy_number
        from {{ copies }}
    ) as numbered
    group by article_key
{%- endmacro %}


{#- The rows of `fct_articles` from `stories`, their `mentions` (one row per story and ticker) and `sessions`. -#}
{% macro told_articles(stories, mentions, sessions) -%}
    select
        stories.article_key,
        stories.title,
        stories.article_url as url,
        stories.outlet,
        stories.author,
        stories.summary,
        stories.first_provider as source,
        stories.published_at,
        sessions.session_on_or_after_date as session_date,
        stories.known_from,
        cast(stories.copy_count as {{ dbt.type_int() }}) as copy_count,
        cast(stories.provider_count as {{ dbt.type_int() }}) as provider_count,
        cast(coalesce(mentioned.mention_count, 0) as {{ dbt.type_int() }}) as mention_count,
        -- A provider scores the whole article, or the securities in it.
        coalesce(stories.sentiment_score, mentioned.sentiment_score) as sentiment_score
    from {{ stories }} as stories
    left join (
        select
            article_key,
            count(*) as mention_count,
            {{ exact_average('sentiment_score') }} as sentiment_score
        from {{ mentions }}
        group by article_key
    ) as mentioned on stories.article_key = mentioned.article_key
    left join {{ sessions }} as sessions
        on sessions.trading_date = {{ date_in_zone('stories.published_at', 'America/New_York') }}
{%- endmacro %}
