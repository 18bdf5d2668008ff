{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='ticker',
        indexes=[{'columns': ['ticker'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=bar_providers()) }}",
    )
}}

-- Keeps the dimension from reading every bar there ever was: first and last dates can be widened load by load.

with bars as (
    select * from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

observed as (
    select
        ticker,
        trading_date as first_trading_date,
        trading_date as last_trading_date
    from bars
    {%- if is_incremental() %}
    union all
    select
        known.ticker,
        known.first_trading_date,
        known.last_trading_date
    from {{ this }} as known
    where known.ticker in (select bars.ticker from bars)
    {%- endif %}
)

select
    ticker,
    min(first_trading_date) as first_trading_date,
    max(last_trading_date) as last_trading_date
from observed
group by ticker
