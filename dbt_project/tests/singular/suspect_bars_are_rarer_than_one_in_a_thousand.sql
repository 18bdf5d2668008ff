{{
    config(
        description="""
A few wrong bars are the way of the world; many mean that a provider or a parser has changed. In a small
warehouse three are forgiven.""")
}}

with bars as (
    select * from {{ ref('fct_daily_bars') }}
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
