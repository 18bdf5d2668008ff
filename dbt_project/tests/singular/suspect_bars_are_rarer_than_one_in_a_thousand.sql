{{
    config(
        description="""
A few wrong bars are the way of the world; many mean that a provider or a parser has changed. In a small
warehouse three are forgiven. In a build it is the sessions with new bars that are counted, all their bars.""")
}}

{% set noted = keys_to_test(ref('fct_daily_bars')) %}

with bars as (
    select * from {{ ref('fct_daily_bars') }}
    {%- if noted %}
    where trading_date in (select distinct noted.trading_date from {{ noted }} as noted)
    {%- endif %}
),

counted as (
    select
        count(*) as bar_count,
        sum(case when is_suspect then 1 else 0 end) as suspect_count
    from bars
)

select *
from counted
where suspect_count > 3 and suspect_count * 1000 >= bar_count
