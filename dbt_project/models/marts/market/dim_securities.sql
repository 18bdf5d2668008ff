{{ config(indexes=[{'columns': ['ticker']}]) }}

with versions as (
    select * from {{ ref('dim_security_versions') }}
    where is_current
),

borne as (
    select * from {{ ref('int_tickers__borne') }}
),

observed as (
    select * from {{ ref('int_securities__observed') }}
),

mentioned as (
    select ticker from {{ ref('int_article_mentions__matched') }}
    union
    -- Providers tell of splits and dividends of securities that nobody lists or prices here.
    select ticker from {{ ref('int_actions__versioned') }}
),

numbered as (
    select
        *,
        -- What is believed of a security are all its listing intervals: the last one says what it is now.
        row_number() over (
            partition by security_key
            order by coalesce(valid_to, cast('9999-12-31' as date)) desc, valid_from desc, version_number desc
        ) as newest_first
    from versions
),

only_mentioned as (
    select mentioned.ticker
    from mentioned
    left join versions on mentioned.ticker = versions.ticker
    left join borne on mentioned.ticker = borne.ticker
    where versions.ticker is null and borne.ticker is null
    group by mentioned.ticker
),

-- Listed and delisted on one day it has no interval, but a bar or a mention may be its own.
only_borne as (
    select
        borne.security_key,
        max(borne.ticker) as ticker
    from borne
    left join versions on borne.security_key = versions.security_key
    where versions.security_key is null
    group by borne.security_key
),

exceptions as (
    select ticker from borne
    where is_exception
),

told_apart as (
    select * from borne
    where ticker in (select exceptions.ticker from exceptions)
),

-- A security's bars are those of its tickers while it bore them.
traded_dates as (
    select
        {{ security_key('observed.ticker') }} as security_key,
        observed.first_trading_date,
        observed.last_trading_date
    from observed
    left join told_apart on observed.ticker = told_apart.ticker
    where told_apart.ticker is null
    union all
    select
        security_key,
        (
            select min(bars.trading_date) from {{ ref('int_bars__versioned') }} as bars
            where {{ bore_on('told_apart', 'bars.ticker', 'bars.trading_date') | indent(12) }}
        ) as first_trading_date,
        (
            select max(bars.trading_date) from {{ ref('int_bars__versioned') }} as bars
            where {{ bore_on('told_apart', 'bars.ticker', 'bars.trading_date') | indent(12) }}
        ) as last_trading_date
    from told_apart
),

traded as (
    select
        security_key,
        min(first_trading_date) as first_trading_date,
        max(last_trading_date) as last_trading_date
    from traded_dates
    where first_trading_date is not null
    group by security_key
),

securities as (
    select
        security_key,
        ticker,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        -- The archives end long ago: who was on their last list need not be listed still.
        case when valid_to is not null then false when described_by = 'polygon' then true end as is_active,
        delisted_at,
        valid_to as delisted_date,
        described_by
    from numbered
    where newest_first = 1
    union all
    select
        {{ security_key('ticker') }} as security_key,
        ticker,
        null as security_name,
        null as security_type,
        null as exchange_mic,
        null as currency_name,
        null as cik,
        null as composite_figi,
        null as share_class_figi,
        null as is_active,
        null as delisted_at,
        null as delisted_date,
        null as described_by
    from only_mentioned
    union all
    select
        security_key,
        ticker,
        null as security_name,
        null as security_type,
        null as exchange_mic,
        null as currency_name,
        null as cik,
        null as composite_figi,
        null as share_class_figi,
        null as is_active,
        null as delisted_at,
        null as delisted_date,
        null as described_by
    from only_borne
)

select
    securities.security_key,
    securities.ticker,
    securities.security_name,
    securities.security_type,
    securities.exchange_mic,
    securities.currency_name,
    securities.cik,
    securities.composite_figi,
    securities.share_class_figi,
    securities.is_active,
    securities.delisted_at,
    securities.delisted_date,
    traded.first_trading_date,
    traded.last_trading_date,
    traded.security_key is not null as has_bars,
    securities.described_by
from securities
left join traded on securities.security_key = traded.security_key
