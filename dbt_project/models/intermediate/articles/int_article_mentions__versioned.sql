{{ config(materialized='view', meta={'rows_of': 'int_article_mentions__extracted'}) }}

-- A cashtag counts only where somebody lists the ticker, and not before somebody did: "$USD" and "$CASH" are words, not
-- securities. What a provider names is listed by that. In one step: PostgreSQL reaches an index through a view only if
-- the view has no steps of its own.

select
    stories.article_key,
    extracted.copy_key,
    extracted.version_number,
    extracted.ticker,
    extracted.is_from_provider,
    extracted.is_from_cashtag,
    extracted.sentiment_score,
    extracted.relevance_score,
    greatest(extracted.known_from, known_tickers.known_from) as known_from,
    extracted.known_to
from {{ ref('int_article_mentions__extracted') }} as extracted
inner join {{ ref('int_tickers__known') }} as known_tickers on extracted.ticker = known_tickers.ticker
inner join {{ ref('int_articles__grouped') }} as stories on extracted.copy_key = stories.copy_key
-- A ticker that was listed only after the words were gone was never mentioned.
where
    extracted.known_to is null
    or (extracted.known_from < extracted.known_to and known_tickers.known_from < extracted.known_to)
