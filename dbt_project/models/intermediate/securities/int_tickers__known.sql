{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='ticker',
        indexes=[{'columns': ['ticker'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=bar_providers()) }}",
    )
}}

-- Says from when on a word with a dollar sign could be taken for a security.

with bars as (
    select * from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

polygon as (
    select * from {{ ref('stg_polygon__tickers') }}
    where {{ is_newly_claimed(['polygon']) }}
),

pystock as (
    select * from {{ ref('stg_pystock__symbols') }}
    where {{ is_newly_claimed(['pystock']) }}
),

listed as (
    select
        ticker,
        received_at as known_from
    from bars
    union all
    select
        {{ normalised_ticker('ticker') }} as ticker,
        received_at as known_from
    from polygon
    union all
    select
        {{ normalised_ticker('ticker') }} as ticker,
        received_at as known_from
    from pystock
    {%- if is_incremental() %}
    union all
    select
        known.ticker,
        known.known_from
    from {{ this }} as known
    {%- endif %}
)

select
    ticker,
    min(known_from) as known_from
from listed
group by ticker
