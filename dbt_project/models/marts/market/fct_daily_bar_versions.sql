{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'trading_date', 'provider'],
        indexes=[
            {'columns': ['ticker', 'trading_date', 'known_from']},
            {'columns': ['trading_date', 'known_from']},
        ],
        pre_hook="{{ claim_new_loads(upstream='int_bars__versioned') }}",
    )
}}

with newly_claimed as (
    select
        ticker,
        trading_date,
        provider
    from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
),

versions as (
    select versioned.* from {{ ref('int_bars__versioned') }} as versioned
    {%- if is_incremental() %}
    where
        exists (
            select 1 from newly_claimed
            where
                newly_claimed.ticker = versioned.ticker
                and newly_claimed.trading_date = versioned.trading_date
                and newly_claimed.provider = versioned.provider
        )
    {%- endif %}
),

priorities as (
    select * from {{ ref('provider_priorities') }}
),

paired as (
    select
        versions.*,
        earlier.version_number is not null as is_restatement,
        {%- for column in bar_values() %}
        earlier.{{ column }} as earlier_{{ column }},
        {%- endfor %}
        coalesce(priorities.priority, 1000) as provider_priority
    from versions
    left join versions as earlier
        on
            versions.ticker = earlier.ticker
            and versions.trading_date = earlier.trading_date
            and versions.provider = earlier.provider
            and versions.version_number = earlier.version_number + 1
    left join priorities on versions.provider = priorities.provider
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
    {{ security_key('ticker') }} as security_key,
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
    known_from,
    known_to,
    known_to is null as is_current
from compared
