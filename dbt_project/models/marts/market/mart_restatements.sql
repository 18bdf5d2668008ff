{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['provider', 'trading_month'],
        pre_hook="{{ claim_new_loads(upstream='fct_daily_bar_versions') }}",
    )
}}

-- New bars are of one month or two, as a rule: those are counted again.

with newly_claimed as (
    {{ newly_claimed_bars() }}
),

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
months as (  -- noqa: ST03
    select distinct
        cast({{ dbt.date_trunc('month', 'trading_date') }} as date) as first_date,
        cast({{ dbt.last_day('trading_date', 'month') }} as date) as last_date
    from newly_claimed
),

versions as (
    {% if is_incremental() -%}
    select told.*
    from months
    {{ looked_up(
        ref('fct_daily_bar_versions'),
        'told',
        'told.trading_date between months.first_date and months.last_date',
    ) | indent }}
    {%- else -%}
    select * from {{ ref('fct_daily_bar_versions') }}
    {%- endif %}
),

bars as (
    select
        *,
        {{ dbt.date_trunc('month', 'trading_date') }} as trading_month,
        min(known_from) over (partition by ticker, trading_date, provider) as first_known_from
    from versions
),

dated as (
    select
        *,
        {{ seconds_between('first_known_from', 'known_from') }} / 3600 as hours_late
    from bars
),

delivered as (
    select
        provider,
        trading_month,
        count(*) as bar_count
    from dated
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
    from dated
    where version_number > 1
    group by provider, trading_month
)

select
    delivered.provider,
    cast(delivered.trading_month as date) as trading_month,
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
    restated.largest_hours_late
from delivered
left join restated on delivered.provider = restated.provider and delivered.trading_month = restated.trading_month
