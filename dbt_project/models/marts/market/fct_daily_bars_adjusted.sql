{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook="{{ claim_new_loads(upstream='fct_daily_bars') }}",
        post_hook=["{{ note_applied_factors() }}", "{{ create_daily_bars_adjusted_as_of() }}"],
    )
}}

with newly_claimed as (
    select
        ticker,
        trading_date
    from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

factors as (
    select
        security_key,
        ticker,
        from_date,
        until_date,
        split_factor,
        dividend_factor,
        known_from
    from {{ ref('int_actions__factored') }}
),

factors_now as (
    select
        security_key,
        from_date,
        until_date,
        split_factor,
        dividend_factor,
        known_from
    from factors
),

factors_before as (
    select
        security_key,
        from_date,
        until_date,
        split_factor,
        dividend_factor,
        known_from
    from {{ ref('int_actions__applied') }}
),

added as (
    select * from factors_now
    except
    select * from factors_before
),

removed as (
    select * from factors_before
    except
    select * from factors_now
),

-- An action that is new, changed or withdrawn changes all bars of the security before it.
refactored as (
    select security_key from added
    union
    select security_key from removed
),

bars as (
    select daily_bars.* from {{ ref('fct_daily_bars') }} as daily_bars
    {%- if is_incremental() %}
    where
        daily_bars.security_key in (select refactored.security_key from refactored)
        or exists (
            select 1 from newly_claimed
            where newly_claimed.ticker = daily_bars.ticker and newly_claimed.trading_date = daily_bars.trading_date
        )
    {%- endif %}
),

adjusted as (
    {{ adjusted_bars('bars', 'factors') }}
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
    total_return_close_price,
    split_factor,
    dividend_factor,
    known_from
from adjusted
