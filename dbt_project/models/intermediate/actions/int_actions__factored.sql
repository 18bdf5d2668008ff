{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'until_date'],
        indexes=[{'columns': ['security_key', 'until_date'], 'unique': true}, {'columns': ['_updated_at']}],
    )
}}

{%- set bars = '(select * from ' ~ ref('int_bars__chosen') ~ ' where not is_deleted)' %}

-- Factors change at ex dates only: one row per span between two of them.

with actions as (
    select * from {{ ref('int_actions__versioned') }}
    where is_chosen
),

days as (
    {{ actions_by_day('actions', company=['security_key']) | indent(4) }}
),

companies as (
    select security_key
    from days
    group by security_key
),

last_bars as (
    select
        companies.security_key,
        bars.trading_date
    from companies
    {{ lateral_join(
        bars, 'bars', is_same('companies', 'bars', ['security_key']), order_by='trading_date desc', limit=1
    ) }}
),

-- Announced actions wait for the first bar on or after their ex date.
effective as (
    select days.*
    from days
    inner join last_bars on days.security_key = last_bars.security_key and days.ex_date <= last_bars.trading_date
),

measured as (
    select
        effective.security_key,
        effective.ex_date,
        effective.split_step,
        effective.cash_amount,
        previous_bars.close_price as previous_close_price,
        greatest(effective.known_from, previous_bars.known_from) as known_from
    from effective
    {{ lateral_join(
        bars,
        'previous_bars',
        can_measure_dividend('effective', 'previous_bars', company=['security_key']),
        kind='left',
        order_by='trading_date desc',
        limit=1,
    ) }}
),

factors as (
    {{ adjustment_factors('measured', company=['security_key']) | indent(4) }}
)

{{ changed_rows('factors', key=['security_key', 'until_date']) }}
