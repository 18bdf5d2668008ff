{{
    config(
        severity='warn',
        description="""
Every source has a few wrong bars; many mean that a provider or a parser has changed. A small warehouse is allowed
three. It warns only: the bars are flagged, and nothing built from the others is wrong.""")
}}

with bars as (
    select * from {{ ref('fct_daily_bars') }}
    where {{ is_in_test_scope() }}
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
