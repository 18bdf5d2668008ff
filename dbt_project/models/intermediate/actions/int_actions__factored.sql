{{ config(indexes=[{'columns': ['security_key', 'from_date'], 'unique': true}]) }}

-- Factors change at ex dates only: one row for each span between two of them.

with actions as (
    select * from {{ ref('int_actions__chosen') }}
),

bars as (
    select * from {{ ref('fct_daily_bars') }}
),

-- Once per day: a split and a dividend, or two of a kind, may fall on the same one.
days as (
    select
        {{ security_key('ticker') }} as security_key,
        ex_date,
        coalesce(
            {{ product("case when action_kind = 'split' then split_from end") }}
            / {{ product("case when action_kind = 'split' then split_to end") }},
            1
        ) as split_step,
        coalesce(sum(cash_amount), 0) as cash_amount,
        max(known_from) as known_from
    from actions
    group by security_key, ex_date
),

last_bars as (
    select
        security_key,
        max(trading_date) as last_trading_date
    from bars
    group by security_key
),

-- Announced actions wait for the first bar on or after their ex date.
effective as (
    select days.* from days
    inner join last_bars on days.security_key = last_bars.security_key
    where days.ex_date <= last_bars.last_trading_date
),

preceding as (
    select
        effective.security_key,
        effective.ex_date,
        bars.close_price,
        bars.known_from,
        -- The last close before the ex date, of a bar that can be trusted.
        row_number() over (
            partition by effective.security_key, effective.ex_date
            order by bars.trading_date desc
        ) as age
    from effective
    inner join bars
        on effective.security_key = bars.security_key
            and effective.ex_date > bars.trading_date
            and {{ dbt.dateadd('day', -30, 'effective.ex_date') }} <= bars.trading_date
    where effective.cash_amount > 0 and not bars.is_suspect
),

stepped as (
    select
        effective.security_key,
        effective.ex_date,
        effective.split_step,
        -- Amounts are per share as traded on the ex date, after a split of the same day.
        effective.cash_amount / (preceding.close_price * effective.split_step) as dividend_fraction,
        greatest(effective.known_from, preceding.known_from) as known_from
    from effective
    left join preceding
        on effective.security_key = preceding.security_key
            and effective.ex_date = preceding.ex_date
            and preceding.age = 1
),

judged as (
    select
        *,
        -- Nobody pays out what a share costs: such an amount is a spin-off or an error, and says nothing of the return.
        coalesce(dividend_fraction >= {{ var('largest_dividend_fraction') }}, false) as is_dividend_refused,
        case
            when dividend_fraction < {{ var('largest_dividend_fraction') }} then 1 - dividend_fraction
            else 1
        end as dividend_step
    from stepped
)

select
    security_key,
    lag(ex_date) over by_date as from_date,
    ex_date as until_date,
    {{ product('split_step', over='later') }} as split_factor,
    {{ product('dividend_step', over='later') }} as dividend_factor,
    is_dividend_refused,
    max(known_from) over later as known_from
from judged
window
    by_date as (partition by security_key order by ex_date),
    later as (partition by security_key order by ex_date desc rows between unbounded preceding and current row)
