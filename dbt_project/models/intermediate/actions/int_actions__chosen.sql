with versions as (
    select * from {{ ref('int_actions__versioned') }}
    where known_to is null
),

chosen as (
    {{ chosen_actions('versions') }}
)

select
    action_key,
    security_key,
    ticker,
    action_kind,
    ex_date,
    split_from,
    split_to,
    cash_amount,
    provider,
    known_from
from chosen
