{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['ticker', 'trading_date', 'provider'],
        indexes=[
            {'columns': ['ticker', 'trading_date', 'provider', 'version_number'], 'unique': true},
            {'columns': ['trading_date', 'known_from']},
            {'columns': ['_dlt_load_id']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- Loads can arrive in any order, so all versions of a bar are cut again from all of its deliveries when a load brings
-- one more. A snapshot cannot do that: it only adds to the end.

{%- set key = ['ticker', 'trading_date', 'provider'] %}
{%- set values = [
    'open_price', 'high_price', 'low_price', 'close_price', 'volume', 'vwap_price', 'transaction_count', 'quality_issue'
] %}

with loads as (
    {{ new_loads(['polygon', 'alpha_vantage', 'pystock']) }}
),

bars as (
    select * from {{ ref('int_bars__unioned') }}
),

new_deliveries as (
    select
        bars.ticker,
        bars.trading_date,
        bars.provider,
        bars.{{ values | join(',\n        bars.') }},
        bars.received_at,
        bars.response_id,
        bars.row_in_response,
        loads.load_id as _dlt_load_id,
        loads.finished_at as _loaded_at
    from bars
    inner join loads on bars.provider = loads.source_name and bars._dlt_load_id = loads.load_id
    {%- if is_incremental() %}
    where {{ in_array('bars._dlt_load_id', 'select new_loads.load_id from loads as new_loads') }}
    {%- endif %}
),

{% if is_incremental() -%}
changed as (
    select
        ticker,
        trading_date,
        provider
    from new_deliveries
    group by ticker, trading_date, provider
),

known_deliveries as (
    select
        built.ticker,
        built.trading_date,
        built.provider,
        built.{{ values | join(',\n        built.') }},
        deliveries.received_at,
        deliveries.response_id,
        deliveries.row_in_response,
        built._dlt_load_id,
        built._loaded_at
    from changed
    {{ lateral_join(this, 'built', is_same('built', 'changed', key)) }}
    {{ unnest_arrays(delivery_arrays(), 'deliveries') }}
),

{% endif -%}
deliveries as (
    select * from new_deliveries
    {%- if is_incremental() %}
    union all
    select * from known_deliveries
    {%- endif %}
),

versions as (
    -- A provider that sends a session twice in one response has sent its placeholder too.
    {{ scd2_versions('deliveries', key=key, values=values, first='case when quality_issue is null then 0 else 1 end') }}
),

compared as (
    select
        *,
        {%- for column in values %}
        lag({{ column }}) over bar_versions as earlier_{{ column }},
        {%- endfor %}
        lead(known_from) over bar_versions as known_to,
        first_value(known_from) over bar_versions as first_known_from,
        row_number() over bar_versions > 1 as is_restatement
    from versions
    window bar_versions as (partition by ticker, trading_date, provider order by version_number)
),

restated as (
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
        ) as price_change
    from compared
)

select
    ticker,
    trading_date,
    provider,
    cast(version_number as {{ dbt.type_int() }}) as version_number,
    {{ security_key('ticker') }} as ticker_security_key,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    quality_issue,
    case
        when has_new_price and has_new_volume then 'both'
        when has_new_price then 'price'
        when has_new_volume then 'volume'
        -- The provider describes the same numbers otherwise: as adjusted, for example.
        when is_restatement then 'flag'
    end as restatement_kind,
    case when has_new_price then nullif(price_change, 0) end as largest_price_change,
    case when has_new_volume then nullif({{ relative_change('earlier_volume', 'volume') }}, 0) end as volume_change,
    known_from,
    known_to,
    first_known_from,
    last_received_at,
    delivery_times,
    delivery_response_ids,
    delivery_rows,
    _dlt_load_id,
    _loaded_at,
    {{ dbt.current_timestamp() }} as _updated_at
from restated
