{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[
            {'columns': ['security_key', 'trading_date'], 'unique': true},
            {'columns': ['ticker', 'trading_date']},
            {'columns': ['trading_date']},
            {'columns': ['_updated_at']},
        ],
    )
}}

{%- set only_updates = reads_only_updates([ref('int_bars__versioned'), ref('int_tickers__assigned')]) %}
{%- set key = ['security_key', 'trading_date'] %}

with assigned as (
    select * from {{ ref('int_tickers__assigned') }}
    where is_exception
),

priorities as (
    select * from {{ ref('provider_priorities') }}
),

{% if only_updates -%}
updated_bars as (
    select
        ticker,
        trading_date
    from {{ ref('int_bars__versioned') }}
    where {{ is_updated() }}
    group by ticker, trading_date
),

-- All tickers of the companies that have gained or lost one.
reassigned as (
    select tickers.ticker
    from assigned as updates
    inner join assigned as tickers on updates.security_key = tickers.security_key
    where {{ is_updated('updates') }}
    group by tickers.ticker
),

changed as (
    select
        ticker,
        trading_date
    from updated_bars
    union
    select
        ticker,
        trading_date
    from {{ ref('int_bars__versioned') }}
    where {{ in_array('ticker', 'select reassigned.ticker from reassigned') }}
    union
    -- A bar under one ticker of a company can supersede those under its others.
    select
        others.ticker,
        updated_bars.trading_date
    from updated_bars
    inner join assigned as own on updated_bars.ticker = own.ticker
    inner join assigned as others on own.security_key = others.security_key
),

{% endif -%}
versions as (
    {% if only_updates -%}
    select versions.*
    from changed
    {{ lateral_join(
        ref('int_bars__versioned'), 'versions', is_same('versions', 'changed', ['ticker', 'trading_date'])
    ) }}
    where versions.known_to is null
    {%- else -%}
    select * from {{ ref('int_bars__versioned') }}
    where known_to is null
    {%- endif %}
),

current_bars as (
    select
        coalesce(assigned.security_key, versions.ticker_security_key) as security_key,
        versions.ticker,
        versions.trading_date,
        versions.provider,
        versions.version_number,
        versions.open_price,
        versions.high_price,
        versions.low_price,
        versions.close_price,
        versions.volume,
        versions.vwap_price,
        versions.transaction_count,
        versions.quality_issue is not null as is_suspect,
        versions.known_from,
        coalesce(priorities.priority, 1000) as provider_priority,
        {{ superseded_at('versions', 'assigned') | indent(8) }} as superseded_at
    from versions
    left join priorities on versions.provider = priorities.provider
    left join assigned
        on not assigned.is_deleted and {{ is_assigned_on('assigned', 'versions.ticker', 'versions.trading_date') }}
),

usable_bars as (
    select * from current_bars
    where superseded_at is null
),

best_bars as (
    {{ best_daily_bars('usable_bars') }}
)

{%- if only_updates %},

built as (
    select built.*
    from changed
    {{ lateral_join(this, 'built', is_same('built', 'changed', ['ticker', 'trading_date'])) }}
)
{%- endif %}

{{ changed_rows('best_bars', key=key, built='built' if only_updates else none) }}
