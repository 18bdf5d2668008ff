{#-
    What actions make of bars, in three steps. Each takes what is known as text of a relation: the versions that are
    current, for the models, or those that were at some moment, for the functions. Everything is grouped by `company`,
    the key of the security. The functions group those that have had one ticker only by key and ticker, which is the
    same, so that a database can look for either before it computes.
-#}

{#- The actions that count among `versions`: from the best provider that knows of them, each thing once. -#}
{% macro chosen_actions(versions, company=['security_key']) -%}
    {%- set company = company | join(', ') -%}
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
    from (
        select
            *,
            coalesce(
                earlier_priority < provider_priority
                and earlier_date >= {{ dbt.dateadd('day', -5, 'ex_date') }}
                and abs(earlier_terms / terms - 1) < 0.01,
                false
            ) as is_repeated_from_earlier,
            coalesce(
                later_priority < provider_priority
                and later_date <= {{ dbt.dateadd('day', 5, 'ex_date') }}
                and abs(later_terms / terms - 1) < 0.01,
                false
            ) as is_repeated_from_later
        from (
            select
                *,
                lag(ex_date) over by_date as earlier_date,
                lag(provider_priority) over by_date as earlier_priority,
                lag(terms) over by_date as earlier_terms,
                lead(ex_date) over by_date as later_date,
                lead(provider_priority) over by_date as later_priority,
                lead(terms) over by_date as later_terms
            from (
                select
                    *,
                    min(provider_priority) over (
                        partition by {{ company }}, ex_date, action_kind
                    ) as best_priority,
                    min(provider_priority) over (partition by {{ company }}, ex_date) as best_priority_of_day
                from (
                    select
                        *,
                        -- The same terms under two ids of one provider are one action.
                        row_number() over (
                            partition by
                                {{ company }}, action_kind, ex_date, provider, terms, dividend_type
                            order by known_from, action_key
                        ) as repetition_number
                    from (
                        select
                            *,
                            coalesce(split_to / split_from, cash_amount) as terms
                        from {{ versions }}
                    ) as known
                    -- Prices are in US dollars; what is paid in another currency cannot be set against them.
                    where coalesce(currency_code, 'USD') = 'USD'
                ) as ranked
                where repetition_number = 1
            ) as compared
            -- Of several providers the best speaks for the day. An archive's ratio holds all that happened on the day,
            -- so that what looks like a dividend in it counts only where no provider knows of anything.
            where
                provider_priority = best_priority
                and not (is_inferred and action_kind = 'dividend' and best_priority_of_day < provider_priority)
            window by_date as (partition by {{ company }}, action_kind order by ex_date, action_key)
        ) as placed
    ) as repeated
    -- Providers may place one action on neighbouring days: the same terms from a better one within a few days are the
    -- same action.
    where not is_repeated_from_earlier and not is_repeated_from_later
{%- endmacro %}


{#-
    The factors that `actions` (which count) make of `bars`: one row per security and span of dates before an ex date.
    Where `bars` is a table with an index on company and date, a few of them are looked up for each action.
-#}
{% macro factored_actions(actions, bars, company=['security_key'], is_indexed=false) -%}
    {%- set columns = company | join(', ') -%}
    {%- set is_preceding -%}
        {{ is_same('effective', 'preceding', company) }}
        and effective.ex_date > preceding.trading_date
        and {{ dbt.dateadd('day', '-' ~ var('days_to_last_close'), 'effective.ex_date') }} <= preceding.trading_date
        and effective.cash_amount > 0
        and not preceding.is_suspect
    {%- endset -%}
    {%- set later -%}
        (
            partition by {{ columns }} order by ex_date desc
            rows between unbounded preceding and current row
        )
    {%- endset -%}
    select
        {{ columns }},
        lag(ex_date) over (partition by {{ columns }} order by ex_date) as from_date,
        ex_date as until_date,
        {{ product('split_step', over=later) }} as split_factor,
        {{ product('dividend_step', over=later) }} as dividend_factor,
        is_dividend_refused,
        max(known_from) over {{ later }} as known_from
    from (
        select
            {{ columns }},
            ex_date,
            split_step,
            -- Nobody pays out what a share costs: such an amount is a spin-off or an error, and says nothing of returns.
            coalesce(dividend_fraction >= {{ var('largest_dividend_fraction') }}, false) as is_dividend_refused,
            case
                when dividend_fraction < {{ var('largest_dividend_fraction') }} then 1 - dividend_fraction
                else 1
            end as dividend_step,
            known_from
        from (
            select
                {%- for column in company %}
                effective.{{ column }},
                {%- endfor %}
                effective.ex_date,
                effective.split_step,
                -- Amounts are per share as traded on the ex date, after a split of the same day.
                effective.cash_amount / (preceding.close_price * effective.split_step) as dividend_fraction,
                greatest(effective.known_from, preceding.known_from) as known_from,
                -- The last close before the ex date, of a bar that can be trusted.
                row_number() over (
                    partition by effective.{{ company | join(', effective.') }}, effective.ex_date
                    order by preceding.trading_date desc
                ) as age
            from (
                -- Once per day: a split and a dividend, or two of a kind, may fall on the same one.
                select
                    {{ columns }},
                    ex_date,
                    coalesce(
                        {{ product("case when action_kind = 'split' then split_from end") }}
                        / {{ product("case when action_kind = 'split' then split_to end") }},
                        1
                    ) as split_step,
                    coalesce(sum(cash_amount), 0) as cash_amount,
                    max(known_from) as known_from
                from {{ actions }}
                group by {{ columns }}, ex_date
            ) as effective
            -- Announced actions wait for the first bar on or after their ex date.
            {% if is_indexed -%}
            {{ last_looked_up(bars, 'last_bars', is_same('effective', 'last_bars', company), 'trading_date') }}
            {{ last_looked_up(bars, 'preceding', is_preceding, 'trading_date') }}
            {%- else -%}
            left join (
                select
                    {{ columns }},
                    max(trading_date) as trading_date
                from {{ bars }} as known_bars
                group by {{ columns }}
            ) as last_bars on {{ is_same('effective', 'last_bars', company) }}
            left join {{ bars }} as preceding on {{ is_preceding }}
            {%- endif %}
            where effective.ex_date <= last_bars.trading_date
        ) as aged
        where age = 1
    ) as judged
{%- endmacro %}


{#- `bars` in the terms of the last of them, by `factors`. -#}
{% macro adjusted_bars(bars, factors, company=['security_key']) -%}
    select
        security_key,
        ticker,
        trading_date,
        open_price * split_factor as open_price,
        high_price * split_factor as high_price,
        low_price * split_factor as low_price,
        close_price * split_factor as close_price,
        volume / split_factor as volume,
        close_price * split_factor * dividend_factor as total_return_close_price,
        split_factor,
        dividend_factor,
        known_from
    from (
        select
            bars.security_key,
            bars.ticker,
            bars.trading_date,
            bars.open_price,
            bars.high_price,
            bars.low_price,
            bars.close_price,
            bars.volume,
            coalesce(factors.split_factor, 1) as split_factor,
            coalesce(factors.dividend_factor, 1) as dividend_factor,
            greatest(bars.known_from, factors.known_from) as known_from
        from {{ bars }} as bars
        left join {{ factors }} as factors
            on {{ is_same('bars', 'factors', company) }}
                and bars.trading_date < factors.until_date
                and (factors.from_date is null or bars.trading_date >= factors.from_date)
    ) as factored
{%- endmacro %}


{#- What the ledger knew at a moment: of all companies, or of those that a condition names. -#}
{% macro actions_known(ledger, condition='true') -%}
    (select * from {{ ledger }} where {{ is_known_at('as_of') }} and {{ condition }}) as known
{%- endmacro %}


{#- The ledger as it stood at a moment. -#}
{% macro create_corporate_actions_as_of() -%}
    {%- set told -%}
        select
            {%- for column in (adapter.get_columns_in_relation(this) if execute else []) %}
            {% if column.name == 'is_chosen' -%} chosen.action_key is not null as is_chosen
            {%- elif column.name == 'known_to' -%} cast(null as {{ type_timestamp_tz() }}) as known_to
            {%- else -%} known.{{ column.name }}
            {%- endif -%}
            {{ ',' if not loop.last }}
            {%- endfor %}
        from {{ actions_known(this) }}
        left join (
            {{ chosen_actions(actions_known(this, 'not has_several_tickers'), ['security_key', 'ticker']) }}
            union all
            {{ chosen_actions(actions_known(this, 'has_several_tickers')) }}
        ) as chosen
            on known.action_key = chosen.action_key
                and known.security_key = chosen.security_key
                and known.ticker = chosen.ticker
    {%- endset -%}
    {{ create_as_of_function(
        'corporate_actions_as_of',
        told,
        'fct_corporate_actions as it stood at a moment: what was known then, and what counted. '
        ~ 'select * from marts.corporate_actions_as_of(''2015-12-25 14:00+00'') where ticker = ''NKE'''
    ) }}
{%- endmacro %}


{#-
    Adjusted bars as they stood at a moment: bars known then, adjusted by actions known then. Companies that have changed
    their ticker, of which actions tell, go apart: all their tickers count together.
-#}
{% macro create_daily_bars_adjusted_as_of() -%}
    {%- set company = ['security_key', 'ticker'] -%}
    {%- set ledger = ref('fct_corporate_actions') -%}
    {%- set bars = ref('fct_daily_bars').schema ~ '.daily_bars_as_of(as_of)' -%}
    {%- set renamed -%} select security_key from {{ ledger }} where has_several_tickers {%- endset -%}
    {%- set bars_of_others = '(select * from ' ~ bars ~ ' where security_key not in (' ~ renamed ~ '))' -%}
    {%- set bars_of_renamed = '(select * from ' ~ bars ~ ' where ' ~ is_any_of('security_key', renamed) ~ ')' -%}
    {%- set chosen_of_others -%}
        ({{ chosen_actions(actions_known(ledger, 'not has_several_tickers'), company) }}) as actions
    {%- endset -%}
    {%- set chosen_of_renamed -%}
        ({{ chosen_actions(actions_known(ledger, 'has_several_tickers')) }}) as actions
    {%- endset -%}
    {%- set adjusted -%}
        {{ adjusted_bars(bars_of_others, '(' ~ factored_actions(chosen_of_others, bars, company) ~ ')', company) }}
        union all
        {{ adjusted_bars(bars_of_renamed, '(' ~ factored_actions(chosen_of_renamed, bars_of_renamed) ~ ')') }}
    {%- endset -%}
    {{ create_as_of_function(
        'daily_bars_adjusted_as_of',
        adjusted,
        'fct_daily_bars_adjusted as it stood at a moment: only bars and actions known then. '
        ~ 'select * from marts.daily_bars_adjusted_as_of(''2015-12-24 14:00+00'') where ticker = ''NKE'''
    ) }}
{%- endmacro %}
