{%- set actions = function('corporate_actions_as_of') ~ '(as_of)' %}
{%- set bars = function('daily_bars_as_of') ~ '(as_of)' %}
{%- set several %} select security_key from {{ ref('fct_corporate_actions') }} where has_several_tickers {%- endset %}
{#- The tickers of these companies: bars have an index on the ticker, not on the security. -#}
{%- set tickers %} select ticker from {{ ref('dim_security_versions') }} where security_key in ({{ several }})
union all select ticker from {{ ref('fct_daily_bars') }} where {{ in_array('security_key', several) }} {%- endset %}
{%- set parts = [
    {
        'actions': '(select * from ' ~ actions ~ ' where is_chosen and not has_several_tickers) as actions',
        'bars': '(select * from ' ~ bars ~ ' where security_key not in (' ~ several ~ '))',
        'company': ['security_key', 'ticker'],
    },
    {
        'actions': '(select * from ' ~ actions ~ ' where is_chosen and has_several_tickers) as actions',
        'bars': '(select * from ' ~ bars
        ~ ' where ' ~ in_array('ticker', tickers) ~ ' and ' ~ in_array('security_key', several) ~ ')',
        'company': ['security_key'],
    },
] %}

-- Companies with one ticker and companies with several are adjusted apart: then a condition on the ticker, by which the
-- former are grouped, is applied before anything is computed.

{% for part in parts -%}
{%- set company = part.company -%}
(
    with days as (
        {{ actions_by_day(part.actions, company) | indent(8) }}
    ),

    last_bars as (
        select
            {{ company | join(', ') }},
            max(trading_date) as trading_date
        from {{ part.bars }} as bars
        group by {{ company | join(', ') }}
    ),

    -- The last close before the ex date measures a dividend.
    compared as (
        select
            days.*,
            previous_bars.close_price as previous_close_price,
            greatest(days.known_from, previous_bars.known_from) as measured_known_from,
            row_number() over (
                partition by days.{{ company | join(', days.') }}, days.ex_date
                order by previous_bars.trading_date desc
            ) as bar_number
        from days
        inner join last_bars on {{ is_same('days', 'last_bars', company) }} and days.ex_date <= last_bars.trading_date
        left join {{ part.bars }} as previous_bars
            on {{ can_measure_dividend('days', 'previous_bars', company) | indent(16) }}
    ),

    measured as (
        select
            {{ company | join(', ') }},
            ex_date,
            split_step,
            cash_amount,
            previous_close_price,
            measured_known_from as known_from
        from compared
        where bar_number = 1
    ),

    factors as (
        {{ adjustment_factors('measured', company) | indent(8) }}
    ),

    adjusted as (
        select
            bars.*,
            coalesce(factors.split_factor, 1) as split_factor,
            coalesce(factors.dividend_factor, 1) as dividend_factor,
            greatest(bars.known_from, factors.known_from) as adjusted_known_from
        from {{ part.bars }} as bars
        left join factors
            on
                {{ is_same('bars', 'factors', company) }}
                and bars.trading_date < factors.until_date
                and (factors.from_date is null or bars.trading_date >= factors.from_date)
    )

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
        adjusted_known_from as known_from
    from adjusted
)
{{ 'union all' if not loop.last }}
{% endfor %}
