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
repeated as (
    select worse.action_key
    from best as worse
    inner join best as better
        on worse.ticker = better.ticker
            and worse.action_kind = better.action_kind
            and worse.preference > better.preference
            and worse.ex_date <> better.ex_date
            and worse.ex_date >= {{ dbt.dateadd('day', -5, 'better.ex_date') }}
            and worse.ex_date <= {{ dbt.dateadd('day', 5, 'better.ex_date') }}
    where
        abs(worse.split_ratio / better.split_ratio - 1) < 0.001
        or abs(worse.cash_amount / better.cash_amount - 1) < 0.01
    group by worse.action_key
)

select
    best.action_key,
    best.ticker,
    best.action_kind,
    best.ex_date,
    best.split_from,
    best.split_to,
    best.cash_amount,
    best.provider,
    best.known_from
from best
left join repeated on best.action_key = repeated.action_key
where repeated.action_key is null
