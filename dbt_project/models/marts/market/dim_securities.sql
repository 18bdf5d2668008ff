{{ config(materialized='table', indexes=[{'columns': ['ticker']}]) }}

with versions as (
    select * from {{ ref('dim_security_versions') }}
    where is_current
),

assigned as (
    select * from {{ ref('int_tickers__assigned') }}
    where not is_deleted
),

bars as (
    select * from {{ ref('int_bars__chosen') }}
    where not is_deleted
),

mentions as (
    select * from {{ ref('int_article_mentions__extracted') }}
    where is_valid and not is_deleted
),

actions as (
    select * from {{ ref('int_actions__versioned') }}
),

numbered as (
    select
        *,
        -- A security has several current listing intervals: the last one describes it.
        row_number() over (
            partition by security_key
            order by coalesce(valid_to, cast('9999-12-31' as date)) desc, valid_from desc, version_number desc
        ) as newest_first
    from versions
),

mentioned as (
    select ticker from mentions
    union
    -- Providers report splits and dividends of securities that nobody lists or prices here.
    select ticker from actions
),

only_mentioned as (
    select mentioned.ticker
    from mentioned
    left join versions on mentioned.ticker = versions.ticker
    left join assigned on mentioned.ticker = assigned.ticker
    where versions.ticker is null and assigned.ticker is null
    group by mentioned.ticker
),

-- A security that was listed and delisted on one day has no interval, but a bar or a mention can belong to it.
only_assigned as (
    select
        assigned.security_key,
        max(assigned.ticker) as ticker
    from assigned
    left join versions on assigned.security_key = versions.security_key
    where versions.security_key is null
    group by assigned.security_key
),

traded as (
    select
        security_key,
        min(trading_date) as first_trading_date,
        max(trading_date) as last_trading_date
    from bars
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
        -- The archives end years ago: a security on their last list can have been delisted since.
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
    from only_assigned
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
    securities.described_by,
    {{ dbt.current_timestamp() }} as _updated_at
from securities
left join traded on securities.security_key = traded.security_key
