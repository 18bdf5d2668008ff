{{
    config(
        materialized='table',
        indexes=[
            {'columns': ['action_key'], 'unique': true},
            {'columns': ['security_key', 'ex_date']},
            {'columns': ['ticker']},
            {'columns': ['ex_date']},
        ],
    )
}}

with actions as (
    select * from {{ ref('int_actions__versioned') }}
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
    currency_code,
    dividend_type,
    declared_date,
    record_date,
    pay_date,
    provider,
    provider_priority,
    is_inferred,
    has_several_tickers,
    is_chosen,
    known_from,
    known_to,
    _updated_at
from actions
