{#- Shared by models, which read what is known now, and functions, which read what was known at a moment. All are grouped
    by `company`: the key of the security, and in functions its ticker where a company has only one: the result is the same,
    and a condition on the ticker can be applied before the windows are computed. -#}

{% macro chosen_actions(versions, company) -%}
    {%- set company = company | join(', ') -%}
    with priced as (
        select
            *,
            coalesce(split_to / split_from, cash_amount) as terms
        from {{ versions }}
        -- Prices are in US dollars: dividends in other currencies cannot be compared with them.
        where coalesce(currency_code, 'USD') = 'USD'
    ),

    numbered as (
        select
            *,
            -- A provider may list the same terms under two ids.
            row_number() over (
                partition by {{ company }}, action_kind, ex_date, provider, terms, dividend_type
                order by known_from, action_key
            ) as repetition_number
        from priced
    ),

    ranked as (
        select
            *,
            min(provider_priority) over (partition by {{ company }}, ex_date, action_kind) as best_priority,
            min(provider_priority) over (partition by {{ company }}, ex_date) as best_priority_of_day
        from numbered
        where repetition_number = 1
    ),

    compared as (
        select
            *,
            lag(ex_date) over by_date as earlier_date,
            lag(provider_priority) over by_date as earlier_priority,
            lag(terms) over by_date as earlier_terms,
            lead(ex_date) over by_date as later_date,
            lead(provider_priority) over by_date as later_priority,
            lead(terms) over by_date as later_terms
        from ranked
        -- An inferred dividend is all that happened on the day, so any action of a provider on that day replaces it.
        where
            provider_priority = best_priority
            and not (is_inferred and action_kind = 'dividend' and best_priority_of_day < provider_priority)
        window by_date as (partition by {{ company }}, action_kind order by ex_date, action_key)
    )

    select
        action_key,
        security_key,
        ticker
    from compared
    -- Providers may date one action a few days apart: then the better provider's counts.
    where
        not coalesce(
            earlier_priority < provider_priority
            and earlier_date >= {{ dbt.dateadd('day', -5, 'ex_date') }}
            and abs(earlier_terms / terms - 1) < 0.01,
            false
        )
        and not coalesce(
            later_priority < provider_priority
            and later_date <= {{ dbt.dateadd('day', 5, 'ex_date') }}
            and abs(later_terms / terms - 1) < 0.01,
            false
        )
{%- endmacro %}

{% macro actions_by_day(actions, company) -%}
    select
        {{ company | join(', ') }},
        ex_date,
        coalesce(
            {{ product("case when action_kind = 'split' then split_from end") }}
            / {{ product("case when action_kind = 'split' then split_to end") }},
            1
        ) as split_step,
        coalesce(sum(cash_amount), 0) as cash_amount,
        max(known_from) as known_from
    from {{ actions }}
    group by {{ company | join(', ') }}, ex_date
{%- endmacro %}

{% macro can_measure_dividend(actions, bars, company) -%}
    {{ is_same(actions, bars, company) }}
    and {{ bars }}.trading_date < {{ actions }}.ex_date
    and {{ bars }}.trading_date >= {{ dbt.dateadd('day', '-' ~ var('days_to_last_close'), actions ~ '.ex_date') }}
    and {{ actions }}.cash_amount > 0
    and not {{ bars }}.is_suspect
{%- endmacro %}

{% macro adjustment_factors(days, company) -%}
    {%- set company = company | join(', ') -%}
    {%- set later -%}
        (partition by {{ company }} order by ex_date desc rows between unbounded preceding and current row)
    {%- endset -%}
    {%- set fraction = 'cash_amount / (previous_close_price * split_step)' -%}
    {%- set limit = var('largest_dividend_fraction') -%}
    {%- set dividend_step = 'case when ' ~ fraction ~ ' < ' ~ limit ~ ' then 1 - ' ~ fraction ~ ' else 1 end' -%}
    select
        {{ company }},
        lag(ex_date) over (partition by {{ company }} order by ex_date) as from_date,
        ex_date as until_date,
        {{ product('split_step', over=later) }} as split_factor,
        -- Amounts are per share as traded on the ex date, after a split on the same day.
        {{ product(dividend_step, over=later) }} as dividend_factor,
        -- An amount as large as the price is a spin-off or an error.
        coalesce({{ fraction }} >= {{ limit }}, false) as is_dividend_refused,
        max(known_from) over {{ later }} as known_from
    from {{ days }}
{%- endmacro %}
