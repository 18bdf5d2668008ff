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
    where versions.ticker is null
    group by mentioned.ticker
),

-- A security's bars are those of its tickers while it bore them.
traded as (
    select
        coalesce(borne.security_key, {{ security_key('observed.ticker') }}) as security_key,
        min(greatest(observed.first_trading_date, coalesce(borne.from_date, observed.first_trading_date)))
            as first_trading_date,
        max(least(observed.last_trading_date, coalesce(borne.until_date - 1, observed.last_trading_date)))
            as last_trading_date
    from observed
    left join borne on observed.ticker = borne.ticker
    where
        (borne.from_date is null or observed.last_trading_date >= borne.from_date)
        and (borne.until_date is null or observed.first_trading_date < borne.until_date)
    group by coalesce(borne.security_key, {{ security_key('observed.ticker') }})
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
