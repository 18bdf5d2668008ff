{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'trading_date', 'provider'],
        indexes=[
            {'columns': ['ticker', 'trading_date', 'provider', 'version_number'], 'unique': true},
            {'columns': ['trading_date', 'known_from']},
        ],
        pre_hook="{{ claim_new_loads(upstream='int_bars__versioned') }}",
        post_hook="{{ note_applied_bearers() }}",
    )
}}

{#- Read where it is needed: as a step of the query's own it would be copied whole, without its indexes. -#}
{%- set bars = ref('int_bars__versioned') %}

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
with newly_claimed as (  -- noqa: ST03
    select
        ticker,
        trading_date,
        provider
    from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

-- The few tickers that do not tell the company by themselves.
bearers as (
    select * from {{ ref('int_tickers__borne') }}
    where is_exception
),

priorities as (
    select * from {{ ref('provider_priorities') }}
),

{% if is_incremental() -%}
affected as (
    select
        ticker,
        trading_date,
        provider
    from newly_claimed
    union
    select
        bars.ticker,
        bars.trading_date,
        bars.provider
    from {{ bars }} as bars
    where {{ is_any_of('bars.ticker', rekeyed_tickers()) }}
    union
    -- A bar under one ticker of a company may set aside those under its others.
    select
        bars.ticker,
        bars.trading_date,
        bars.provider
    from newly_claimed
    inner join bearers on {{ bore_on('bearers', 'newly_claimed.ticker', 'newly_claimed.trading_date') }}
    inner join bearers as others
        on bearers.security_key = others.security_key and bearers.ticker != others.ticker
    inner join {{ bars }} as bars on others.ticker = bars.ticker and newly_claimed.trading_date = bars.trading_date
),

{% endif -%}
versions as (
    {% if is_incremental() -%}
    select bars.*
    from affected
    {{ looked_up(bars, 'bars', is_same('bars', 'affected', ['ticker', 'trading_date', 'provider'])) }}
    {%- else -%}
    select * from {{ bars }}
    {%- endif %}
),

-- Of the bars that a company has under several tickers on one date, those under the ticker that it bore then count.
doubled as (
    select
        versions.ticker,
        versions.trading_date,
        min(bars.known_from) as set_aside_from
    from versions
    inner join bearers as own on {{ bore_on('own', 'versions.ticker', 'versions.trading_date') }}
    inner join bearers as others
        on own.security_key = others.security_key and own.ticker != others.ticker
    inner join {{ bars }} as bars
        on versions.trading_date = bars.trading_date
            and {{ bore_on('others', 'bars.ticker', 'bars.trading_date') | indent(12) }}
    where {{ bore_rather('others', 'own', 'versions.trading_date') | indent(4) }}
    group by versions.ticker, versions.trading_date
),

paired as (
    select
        versions.*,
        earlier.version_number is not null as is_restatement,
        {%- for column in bar_values() %}
        earlier.{{ column }} as earlier_{{ column }},
        {%- endfor %}
        coalesce(priorities.priority, 1000) as provider_priority,
        {{ security_key('versions.ticker', 'bearers') }} as security_key,
        doubled.set_aside_from
    from versions
    left join versions as earlier
        on
            versions.ticker = earlier.ticker
            and versions.trading_date = earlier.trading_date
            and versions.provider = earlier.provider
            and versions.version_number = earlier.version_number + 1
    left join priorities on versions.provider = priorities.provider
    left join bearers on {{ bore_on('bearers', 'versions.ticker', 'versions.trading_date') }}
    left join doubled on versions.ticker = doubled.ticker and versions.trading_date = doubled.trading_date
),

compared as (
    select
        *,
        is_restatement and (
            open_price is distinct from earlier_open_price
            or high_price is distinct from earlier_high_price
            or low_price is distinct from earlier_low_price
            or close_price is distinct from earlier_close_price
            or vwap_price is distinct from earlier_vwap_price
        ) as has_new_price,
        is_restatement and (
            volume is distinct from earlier_volume
            or transaction_count is distinct from earlier_transaction_count
        ) as has_new_volume,
        greatest(
            coalesce({{ relative_change('earlier_open_price', 'open_price') }}, 0),
            coalesce({{ relative_change('earlier_high_price', 'high_price') }}, 0),
            coalesce({{ relative_change('earlier_low_price', 'low_price') }}, 0),
            coalesce({{ relative_change('earlier_close_price', 'close_price') }}, 0)
        ) as price_change,
        {{ relative_change('earlier_volume', 'volume') }} as volume_change
    from paired
)

select
    security_key,
    ticker,
    trading_date,
    provider,
    version_number,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    case
        when has_new_price and has_new_volume then 'both'
        when has_new_price then 'price'
        when has_new_volume then 'volume'
        -- The provider says something else about the same numbers: that they are adjusted, say.
        when is_restatement then 'flag'
    end as restatement_kind,
    case when has_new_price then nullif(price_change, 0) end as largest_price_change,
    case when has_new_volume then nullif(volume_change, 0) end as volume_change,
    provider_priority,
    suspicion is not null as is_suspect,
    set_aside_from,
    known_from,
    known_to,
    known_to is null as is_current
from compared
