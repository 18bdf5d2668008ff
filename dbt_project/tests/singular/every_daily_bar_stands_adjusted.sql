{{
    config(
        description="""
Adjusted bars stand for all daily bars and no others, and agree with them by their factors: none was left behind when an
action changed the past of its security.""")
}}

{% set noted = {
    'bars': keys_to_test(ref('fct_daily_bars')),
    'adjusted': keys_to_test(ref('fct_daily_bars_adjusted')),
    'factors': keys_to_test(ref('int_actions__applied')),
} %}
{% set key = ['security_key', 'trading_date'] %}
{% set is_scoped = noted.values() | select | list | length == 3 %}

with {% if is_scoped -%}
touched as (
    select
        security_key,
        trading_date
    from {{ noted.bars }}
    union
    select
        security_key,
        trading_date
    from {{ noted.adjusted }}
    union
    select
        bars.security_key,
        bars.trading_date
    from {{ noted.factors }} as noted
    inner join {{ ref('fct_daily_bars') }} as bars on noted.security_key = bars.security_key
),

bars as (
    select daily_bars.* from touched
    {{ looked_up(ref('fct_daily_bars'), 'daily_bars', is_same('daily_bars', 'touched', key)) }}
),

adjusted as (
    select adjusted_bars.* from touched
    {{ looked_up(ref('fct_daily_bars_adjusted'), 'adjusted_bars', is_same('adjusted_bars', 'touched', key)) }}
),

{% else -%}
bars as (
    select * from {{ ref('fct_daily_bars') }}
),

adjusted as (
    select * from {{ ref('fct_daily_bars_adjusted') }}
),

{% endif -%}
factors as (
    select * from {{ ref('int_actions__factored') }}
)

select
    coalesce(bars.ticker, adjusted.ticker) as ticker,
    coalesce(bars.trading_date, adjusted.trading_date) as trading_date,
    bars.close_price,
    adjusted.close_price as adjusted_close_price,
    factors.split_factor,
    factors.dividend_factor
from bars
full outer join adjusted
    on bars.security_key = adjusted.security_key and bars.trading_date = adjusted.trading_date
left join factors
    on bars.security_key = factors.security_key
        and bars.trading_date < factors.until_date
        and (factors.from_date is null or bars.trading_date >= factors.from_date)
where
    bars.security_key is null
    or adjusted.security_key is null
    or adjusted.split_factor <> coalesce(factors.split_factor, 1)
    or adjusted.dividend_factor <> coalesce(factors.dividend_factor, 1)
    or adjusted.close_price <> bars.close_price * adjusted.split_factor
