{{ config(indexes=[{'columns': ['ticker'], 'unique': true}]) }}

with described as (
    select * from {{ ref('int_securities__described') }}
),

observed as (
    select * from {{ ref('int_securities__observed') }}
),

mentioned as (
    select * from {{ ref('int_article_mentions__matched') }}
),

acted as (
    select * from {{ ref('int_actions__versioned') }}
),

tickers as (
    select ticker from described
    union
    select ticker from observed
    union
    select ticker from mentioned
    union
    select ticker from acted
)

select
    {{ security_key('tickers.ticker') }} as security_key,
    tickers.ticker,
    described.security_name,
    described.security_type,
    described.exchange_mic,
    described.currency_name,
    described.cik,
    described.composite_figi,
    described.share_class_figi,
    described.is_active,
    described.delisted_at,
    observed.first_trading_date,
    observed.last_trading_date,
    observed.ticker is not null as has_bars,
    described.source_name as described_by
from tickers
left join described on tickers.ticker = described.ticker
left join observed on tickers.ticker = observed.ticker
