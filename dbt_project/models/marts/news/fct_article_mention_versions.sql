{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key=['copy_key', 'version_number', 'ticker'],
        indexes=[{'columns': ['article_key', 'known_from']}, {'columns': ['security_key', 'known_from']}],
        pre_hook=["{{ note_stories_of_rekeyed_tickers() }}", "{{ forget_outdated_stories() }}"],
        post_hook=["{{ note_stories_as_told() }}", "{{ note_applied_bearers() }}"],
    )
}}

with mentions as (
    select * from {{ ref('int_article_mentions__versioned') }}
    where {{ is_outdated('article_key') }}
),

versions as (
    select * from {{ ref('int_articles__versioned') }}
),

bearers as (
    select * from {{ ref('int_tickers__borne') }}
    where is_exception
)

select
    mentions.copy_key,
    mentions.version_number,
    {{ security_key('mentions.ticker', 'bearers') }} as security_key,
    mentions.ticker,
    mentions.article_key,
    mentions.is_from_provider,
    mentions.is_from_cashtag,
    mentions.sentiment_score,
    mentions.relevance_score,
    mentions.known_from,
    mentions.known_to
from mentions
inner join versions
    on mentions.copy_key = versions.copy_key and mentions.version_number = versions.version_number
left join bearers
    on
        {{
            bore_on('bearers', 'mentions.ticker', date_in_zone('versions.published_at', 'America/New_York'))
            | indent(8)
        }}
