-- The one place that says which actions count: what is known now, from the best provider, each thing once.

with known as (
    select
        *,
        split_to / split_from as split_ratio
    from {{ ref('int_actions__versioned') }}
    where
        known_to is null
        -- Prices are in US dollars; what is paid in another currency cannot be set against them.
        and coalesce(currency_code, 'USD') = 'USD'
),

priorities as (
    select * from {{ ref('provider_priorities') }}
),

ranked as (
    select
        known.*,
        case when known.is_inferred then 2000 else coalesce(priorities.priority, 1000) end as preference,
        -- The same terms under two ids of one provider are one action.
        row_number() over (
            partition by
                known.ticker, known.action_kind, known.ex_date, known.provider,
                known.split_ratio, known.cash_amount, known.dividend_type
            order by known.known_from, known.action_key
        ) as repetition_number
    from known
    left join priorities on known.provider = priorities.provider
),

distinct_actions as (
    select
        *,
        min(preference) over (partition by ticker, ex_date, action_kind) as best_preference,
        min(preference) over (partition by ticker, ex_date) as best_preference_of_day
    from ranked
    where repetition_number = 1
),

-- Of several providers the best speaks for the day. An archive's ratio holds all that happened on the day, so that what
-- looks like a dividend in it counts only where no provider knows of anything.
best as (
    select * from distinct_actions
    where
        preference = best_preference
        and not (is_inferred and action_kind = 'dividend' and best_preference_of_day < preference)
),

-- Providers may place one action on neighbouring days: the same terms from a better one within a few days are the same.
placed as (
    select
        *,
        lag(ex_date) over by_date as earlier_date,
        lag(preference) over by_date as earlier_preference,
        lag(coalesce(split_ratio, cash_amount)) over by_date as earlier_terms,
        lead(ex_date) over by_date as later_date,
        lead(preference) over by_date as later_preference,
        lead(coalesce(split_ratio, cash_amount)) over by_date as later_terms,
        coalesce(split_ratio, cash_amount) as terms
    from best
    window by_date as (partition by ticker, action_kind order by ex_date, action_key)
),

repeated as (
    select
        *,
        coalesce(
            earlier_preference < preference
            and earlier_date >= {{ dbt.dateadd('day', -5, 'ex_date') }}
            and abs(earlier_terms / terms - 1) < 0.01,
            false
        ) as is_repeated_from_earlier,
        coalesce(
            later_preference < preference
            and later_date <= {{ dbt.dateadd('day', 5, 'ex_date') }}
            and abs(later_terms / terms - 1) < 0.01,
            false
        ) as is_repeated_from_later
    from placed
)

select
    action_key,
    ticker,
    action_kind,
    ex_date,
    split_from,
    split_to,
    cash_amount,
    provider,
    known_from
from repeated
where not is_repeated_from_earlier and not is_repeated_from_later
