{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'trading_date', 'provider'],
        indexes=[
            {'columns': ['ticker', 'trading_date', 'provider', 'version_number'], 'unique': true},
            {'columns': ['trading_date']},
        ],
        pre_hook="{{ claim_new_loads(sources=bar_providers()) }}",
        post_hook="{{ index_where(['ticker'], 'suspicion is not null') }}",
    )
}}

-- Loads may arrive in any order, so the versions of each bar that a new load touches are cut anew, from all its
-- deliveries. A snapshot could not do that: it only ever adds to the end.

{%- set key = ['ticker', 'trading_date', 'provider'] %}

with bars as (
    select * from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

{% if is_incremental() -%}
affected as (
    select
        ticker,
        trading_date,
        provider
    from bars
    group by ticker, trading_date, provider
),

{% endif -%}
delivered as (
    select
        ticker,
        trading_date,
        provider,
        {{ bar_values() | join(',\n        ') }},
        received_at,
        response_id,
        row_in_response
    from bars
    {%- if is_incremental() %}
    union all
    select
        known.ticker,
        known.trading_date,
        known.provider,
        known.{{ bar_values() | join(',\n        known.') }},
        deliveries.received_at,
        deliveries.response_id,
        deliveries.row_in_response
    from affected
    {{ looked_up(this, 'known', is_same('known', 'affected', key)) }}
    {{ unnest_arrays(deliveries_of_version(), 'deliveries') }}
    {%- endif %}
),

versions as (
    {{ episodes('delivered', key=key, values=bar_values()) }}
)

select
    ticker,
    trading_date,
    provider,
    cast(version_number as {{ dbt.type_int() }}) as version_number,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    suspicion,
    known_from,
    lead(known_from) over (partition by ticker, trading_date, provider order by version_number) as known_to,
    last_received_at,
    delivery_times,
    delivery_response_ids,
    delivery_rows
from versions
