{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook=[
            "{{ claim_new_loads(upstream='fct_daily_bars') }}",
            "{{ follow_changes('int_actions__factored') }}",
            "{{ number_changes() }}",
            "{{ touch_bars_to_forget() }}",
            "{{ forget_rekeyed_rows(upstream='fct_daily_bars') }}",
        ],
        post_hook=[
            "{{ touch_bars() }}",
            "{{ note_applied_bearers(upstream='fct_daily_bars') }}",
            "{{ note_applied_factors() }}",
            "{{ create_daily_bars_adjusted_as_of() }}",
        ],
    )
}}

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
with newly_claimed as (  -- noqa: ST03
    {{ newly_claimed_bars() }}
),

factors as (
    select * from {{ ref('int_actions__factored') }}
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
    from {{ ref('fct_daily_bars') }}
    where {{ is_any_of('ticker', rekeyed_tickers(upstream='fct_daily_bars')) }}
    union
    -- An action that is new, changed or withdrawn changes all bars of the security before it.
    select
        ticker,
        trading_date
    from {{ ref('fct_daily_bars') }}
    where {{ is_any_of('security_key', refactored_securities()) }}
),

{% endif -%}
bars as (
    {% if is_incremental() -%}
    select daily_bars.*
    from affected
    {{ looked_up(ref('fct_daily_bars'), 'daily_bars', is_same('daily_bars', 'affected', ['ticker', 'trading_date'])) }}
    {%- else -%}
    select * from {{ ref('fct_daily_bars') }}
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
