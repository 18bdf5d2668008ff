{{
    config(
        description="""
No bar is lost on the way to the mart: each security and date that any provider delivered stands there, under one of the
tickers that the company has borne.""")
}}

{% set noted = [keys_to_test(ref('int_bars__versioned')), keys_to_test(ref('fct_daily_bar_versions'))] %}
{% set is_scoped = noted | select | list | length == 2 %}
{% set key = ['ticker', 'trading_date', 'provider'] %}
{% set is_version = is_same('versions', 'latest', key) ~ ' and versions.is_current' %}
{% set is_bar = is_same('bars', 'versions', ['security_key', 'trading_date']) %}

with {% if is_scoped -%}
touched as (
    select
        ticker,
        trading_date,
        provider
    from {{ noted[0] }}
    union
    select
        ticker,
        trading_date,
        provider
    from {{ noted[1] }}
),

latest as (
    select latest_bars.* from touched
    {{ looked_up(ref('int_bars__latest'), 'latest_bars', is_same('latest_bars', 'touched', key)) }}
)

{%- else -%}
latest as (
    select * from {{ ref('int_bars__latest') }}
)

{%- endif %}

select
    latest.ticker,
    latest.trading_date,
    latest.provider
from latest
{% if is_scoped -%}
{{ last_looked_up(ref('fct_daily_bar_versions'), 'versions', is_version, 'version_number') }}
{{ last_looked_up(ref('fct_daily_bars'), 'bars', is_bar, 'trading_date') }}
{%- else -%}
left join {{ ref('fct_daily_bar_versions') }} as versions on {{ is_version }}
left join {{ ref('fct_daily_bars') }} as bars on {{ is_bar }}
{%- endif %}
where bars.security_key is null or (bars.ticker != latest.ticker and versions.set_aside_from is null)
