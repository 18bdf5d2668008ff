{{
    config(
        description="""
Low is at most open and close, high at least; prices are above zero, volume is not below. What breaks this is
flagged as suspect and nothing else is.""")
}}

with bars as (
    select * from {{ rows_to_test(ref('fct_daily_bars')) }}
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
