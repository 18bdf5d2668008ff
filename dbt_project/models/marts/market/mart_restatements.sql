{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['provider', 'trading_month'],
    )
}}

{%- set only_updates = reads_only_updates([ref('int_bars__versioned')]) %}

with {% if only_updates -%}
-- New bars belong to one month or two: only those are counted again.
changed as (
    -- Many bars share a month.
    select distinct
        provider,
        cast({{ dbt.date_trunc('month', 'trading_date') }} as date) as trading_month,
        cast({{ dbt.last_day('trading_date', 'month') }} as date) as last_date
    from {{ ref('int_bars__versioned') }}
    where {{ is_updated() }}
),

{% endif -%}
versions as (
    {% if only_updates -%}
    select versions.* from changed
    {{ lateral_join(
        ref('int_bars__versioned'), 'versions',
        'versions.trading_date between changed.trading_month and changed.last_date'
        ~ ' and versions.provider = changed.provider'
    ) }}
    {%- else -%}
    select * from {{ ref('int_bars__versioned') }}
    {%- endif %}
),

bars as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'trading_date') }} as date) as trading_month,
        {{ seconds_between('first_known_from', 'known_from') }} / 3600 as hours_late
    from versions
),

delivered as (
    select
        provider,
        trading_month,
        count(*) as bar_count
    from bars
    where version_number = 1
    group by provider, trading_month
),

restated as (
    select
        provider,
        trading_month,
        count(distinct ticker || ' ' || cast(trading_date as {{ dbt.type_string() }})) as restated_bar_count,
        count(*) as restatement_count,
        sum(case when restatement_kind = 'price' then 1 else 0 end) as price_restatement_count,
        sum(case when restatement_kind = 'volume' then 1 else 0 end) as volume_restatement_count,
        sum(case when restatement_kind = 'both' then 1 else 0 end) as both_restatement_count,
        sum(case when restatement_kind = 'flag' then 1 else 0 end) as flag_restatement_count,
        {{ median('largest_price_change') }} as median_price_change,
        max(largest_price_change) as largest_price_change,
        {{ median('volume_change') }} as median_volume_change,
        max(volume_change) as largest_volume_change,
        {{ median('hours_late') }} as median_hours_late,
        max(hours_late) as largest_hours_late
    from bars
    where version_number > 1
    group by provider, trading_month
)

select
    delivered.provider,
    delivered.trading_month,
    cast(delivered.bar_count as {{ dbt.type_int() }}) as bar_count,
    cast(coalesce(restated.restated_bar_count, 0) as {{ dbt.type_int() }}) as restated_bar_count,
    cast(coalesce(restated.restated_bar_count, 0) as {{ type_double() }}) / delivered.bar_count as restated_share,
    cast(coalesce(restated.restatement_count, 0) as {{ dbt.type_int() }}) as restatement_count,
    cast(coalesce(restated.price_restatement_count, 0) as {{ dbt.type_int() }}) as price_restatement_count,
    cast(coalesce(restated.volume_restatement_count, 0) as {{ dbt.type_int() }}) as volume_restatement_count,
    cast(coalesce(restated.both_restatement_count, 0) as {{ dbt.type_int() }}) as both_restatement_count,
    cast(coalesce(restated.flag_restatement_count, 0) as {{ dbt.type_int() }}) as flag_restatement_count,
    restated.median_price_change,
    restated.largest_price_change,
    restated.median_volume_change,
    restated.largest_volume_change,
    restated.median_hours_late,
    restated.largest_hours_late,
    {{ dbt.current_timestamp() }} as _updated_at
from delivered
left join restated on delivered.provider = restated.provider and delivered.trading_month = restated.trading_month
