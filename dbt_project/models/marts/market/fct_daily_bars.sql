{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook="{{ claim_new_loads(upstream='fct_daily_bar_versions') }}",
        post_hook="{{ create_daily_bars_as_of() }}",
    )
}}

with newly_claimed as (
    select
        ticker,
        trading_date
    from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

current_versions as (
    select versions.* from {{ ref('fct_daily_bar_versions') }} as versions
    where versions.is_current
    {%- if is_incremental() %}
    and exists (
        select 1 from newly_claimed
        where newly_claimed.ticker = versions.ticker and newly_claimed.trading_date = versions.trading_date
    )
    {%- endif %}
),

best as (
    {{ best_daily_bars('current_versions') }}
)

select
    security_key,
    ticker,
    trading_date,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    provider,
    provider_count,
    version_count,
    close_disagreement,
    is_disputed,
    is_suspect,
    known_from
from best
