{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['ticker', 'trading_date', 'provider', 'version_hash'],
        indexes=[{'columns': ['ticker', 'trading_date', 'provider']}],
        pre_hook="{{ claim_new_loads(sources=bar_providers()) }}",
    )
}}

-- A version is a set of values, and what is known of one (first and last delivery) can be merged with what other
-- loads know of it, in any order, with the same outcome. That is why loads may arrive in any order.

with bars as (
    select * from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

delivered as (
    select
        ticker,
        trading_date,
        provider,
        {{ hash_of(['open_price', 'high_price', 'low_price', 'close_price', 'volume', 'suspicion']) }} as version_hash,
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
        row_in_response,
        received_at as first_received_at,
        received_at as last_received_at
    from bars
    {%- if is_incremental() %}
    union all
    select known.*
    from {{ this }} as known
    where
        exists (
            select 1 from bars
            where
                bars.ticker = known.ticker
                and bars.trading_date = known.trading_date
                and bars.provider = known.provider
        )
    {%- endif %}
),

numbered as (
    select
        *,
        -- The same values come several times: archives overlap by a day, windows are read again, a response may
        -- repeat a row. The last delivery stands for all, and the first time is remembered.
        row_number() over (
            partition by ticker, trading_date, provider, version_hash
            order by last_received_at desc, response_id desc, row_in_response desc
        ) as delivery_number,
        min(first_received_at) over (
            partition by ticker, trading_date, provider, version_hash
        ) as version_first_received_at
    from delivered
)

select
    ticker,
    trading_date,
    provider,
    version_hash,
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
    row_in_response,
    version_first_received_at as first_received_at,
    last_received_at
from numbered
where delivery_number = 1
