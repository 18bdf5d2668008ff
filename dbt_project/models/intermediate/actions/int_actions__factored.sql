{{ config(indexes=[{'columns': ['security_key', 'from_date'], 'unique': true}]) }}

-- Factors change at ex dates only: one row for each span between two of them.

with actions as (
    select * from {{ ref('int_actions__chosen') }}
),

factored as (
    {{ factored_actions('actions', ref('fct_daily_bars'), is_indexed=true) }}
)

select
    security_key,
    from_date,
    until_date,
    split_factor,
    dividend_factor,
    is_dividend_refused,
    known_from
from factored
