{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='article_key',
        indexes=[
            {'columns': ['article_key'], 'unique': true},
            {'columns': ['published_at']},
            {'columns': ['_updated_at']},
        ],
    )
}}

{%- set only_updates = reads_only_updates([
    ref('int_articles__versioned'), ref('int_articles__grouped'), ref('int_article_securities__matched')
]) %}

with {% if only_updates -%}
updated_copies as (
    select copy_key from {{ ref('int_articles__versioned') }}
    where {{ is_updated() }}
),

changed as (
    select article_key from {{ ref('int_articles__grouped') }}
    where {{ is_updated() }}
    union
    select article_key from {{ ref('int_articles__grouped') }}
    where {{ in_array('copy_key', 'select updated_copies.copy_key from updated_copies') }}
    union
    select article_key from {{ ref('int_article_securities__matched') }}
    where {{ is_updated() }}
),

built as (
    select * from {{ this }}
    where {{ in_array('article_key', 'select changed.article_key from changed') }}
),

{% endif -%}
stories as (
    select * from {{ ref('int_articles__grouped') }}
    where
        not is_deleted
        {%- if only_updates %}
        and {{ in_array('article_key', 'select changed.article_key from changed') }}
        {%- endif %}
),

versions as (
    select * from {{ ref('int_articles__versioned') }}
    where known_to is null
),

mentions as (
    select * from {{ ref('int_article_securities__matched') }}
    where
        not is_deleted
        {%- if only_updates %}
        and {{ in_array('article_key', 'select changed.article_key from changed') }}
        {%- endif %}
),

copies as (
    select
        stories.article_key,
        versions.copy_key,
        versions.publication_key,
        versions.provider,
        versions.title,
        versions.article_url as url,
        versions.outlet,
        versions.author,
        versions.summary,
        versions.sentiment_score,
        versions.published_at,
        versions.first_received_at as copy_known_from
    from stories
    inner join versions on stories.copy_key = versions.copy_key
),

merged as (
    {{ merge_copies('copies') | indent(4) }}
),

mentioned as (
    select
        article_key,
        count(*) as mention_count,
        {{ exact_average('sentiment_score') }} as sentiment_score
    from mentions
    group by article_key
),

deduplicated as (
    select
        merged.article_key,
        merged.title,
        merged.url,
        merged.outlet,
        merged.author,
        merged.summary,
        merged.source,
        merged.published_at,
        merged.known_from,
        merged.copy_count,
        merged.provider_count,
        cast(coalesce(mentioned.mention_count, 0) as {{ dbt.type_int() }}) as mention_count,
        -- A provider scores the whole article, or the securities in it.
        coalesce(merged.sentiment_score, mentioned.sentiment_score) as sentiment_score
    from merged
    left join mentioned on merged.article_key = mentioned.article_key
)

{{ changed_rows('deduplicated', key=['article_key'], built='built' if only_updates else none) }}
