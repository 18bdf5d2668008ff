{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook="{{ claim_new_loads(upstream='fct_daily_bars') }}",
        post_hook="{{ note_applied_factors() }}",
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
        from_date,
        until_date,
        split_factor,
        dividend_factor,
        known_from
    from {{ ref('int_actions__factored') }}
),

applied as (
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
    select * from factors
    except
    select * from applied
),

removed as (
    select * from applied
    except
    select * from factors
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

factored as (
    select
        bars.security_key,
        bars.ticker,
        bars.trading_date,
        bars.open_price,
        bars.high_price,
        bars.low_price,
        bars.close_price,
        bars.volume,
        coalesce(factors.split_factor, 1) as split_factor,
        coalesce(factors.dividend_factor, 1) as dividend_factor,
        greatest(bars.known_from, factors.known_from) as known_from
    from bars
    left join factors
        on bars.security_key = factors.security_key
            and bars.trading_date < factors.until_date
            and (factors.from_date is null or bars.trading_date >= factors.from_date)
)

select
    security_key,
    ticker,
    trading_date,
    open_price * split_factor as open_price,
    high_price * split_factor as high_price,
    low_price * split_factor as low_price,
    close_price * split_factor as close_price,
    volume / split_factor as volume,
    close_price * split_factor * dividend_factor as total_return_close_price,
    split_factor,
    dividend_factor,
    known_from
from factored
