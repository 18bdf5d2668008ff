{{
    config(
        description="""
Low is at most open and close, high at least; prices are above zero and volume is not below. A bar that breaks this is
flagged as suspect.""")
}}

with bars as (
    select * from {{ ref('fct_daily_bars') }}
    where {{ is_in_test_scope() }}
)

select *
from bars
where
    not is_suspect
    and not coalesce(
        low_price > 0
        and low_price <= open_price
        and low_price <= close_price
        and high_price >= open_price
        and high_price >= close_price
        and volume >= 0,
        false
    )
