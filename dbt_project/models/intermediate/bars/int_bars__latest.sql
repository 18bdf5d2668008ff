{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['ticker', 'trading_date', 'provider'],
        indexes=[{'columns': ['ticker', 'trading_date', 'provider'], 'unique': true}],
        pre_hook="{{ claim_new_loads(upstream='int_bars__versioned') }}",
    )
}}

with newly_claimed as (
    select
        ticker,
        trading_date,
        provider
    from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

versions as (
    select versioned.* from {{ ref('int_bars__versioned') }} as versioned
    {%- if is_incremental() %}
    where
        exists (
            select 1 from newly_claimed
            where
                newly_claimed.ticker = versioned.ticker
                and newly_claimed.trading_date = versioned.trading_date
                and newly_claimed.provider = versioned.provider
        )
    {%- endif %}
),

numbered as (
    select
        *,
        -- A restated bar has several versions: the one delivered last counts, and within one response the last row.
        row_number() over (
            partition by ticker, trading_date, provider
            order by last_received_at desc, response_id desc, row_in_response desc
        ) as version_number,
        count(*) over (partition by ticker, trading_date, provider) as version_count
    from versions
)

select
    ticker,
    trading_date,
    provider,
    provider_ticker,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    adjusted_close_price,
    suspicion,
    response_id,
    version_count,
    first_received_at as known_from,
    last_received_at
from numbered
where version_number = 1
