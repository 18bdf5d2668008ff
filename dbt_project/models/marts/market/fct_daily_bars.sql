{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook=[
            "{{ claim_new_loads(upstream='fct_daily_bar_versions') }}",
            "{{ forget_rekeyed_rows(upstream='fct_daily_bar_versions') }}",
        ],
        post_hook=["{{ note_applied_bearers(upstream='fct_daily_bar_versions') }}", "{{ create_daily_bars_as_of() }}"],
    )
}}

{#- Read where it is needed: as a step of the query's own it would be copied whole, without its indexes. -#}
{%- set versions = ref('fct_daily_bar_versions') %}

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
with newly_claimed as (  -- noqa: ST03
    {{ newly_claimed_bars() }}
),

{% if is_incremental() -%}
affected as (
    select
        ticker,
        trading_date
    from newly_claimed
    union
    select
        ticker,
        trading_date
    from {{ versions }}
    where {{ is_any_of('ticker', rekeyed_tickers(upstream='fct_daily_bar_versions')) }}
),

{% endif -%}
current_versions as (
    select versions.*
    {% if is_incremental() -%}
    from affected
    {{ looked_up(versions, 'versions', is_same('versions', 'affected', ['ticker', 'trading_date'])) }}
    {%- else -%}
    from {{ versions }} as versions
    {%- endif %}
    where versions.is_current and versions.set_aside_from is null
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
