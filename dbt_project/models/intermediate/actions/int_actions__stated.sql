{{ config(indexes=[{'columns': ['ticker']}]) }}

-- Providers that report on each bar what happened on its day: a later report about the same day replaces the earlier.

with loads as (
    select * from {{ ref('stg_alpha_vantage__loads') }}
    where is_finished
),

alpha_vantage as (
    select
        *,
        {{ normalised_ticker('ticker') }} as normalised_ticker
    from {{ ref('stg_alpha_vantage__daily') }}
    where split_coefficient is not null and _dlt_load_id in (select loads.load_id from loads)
),

inferred as (
    select * from {{ ref('int_actions__inferred') }}
    where reading in ('split', 'dividend')
),

stated as (
    select
        'alpha_vantage' as provider,
        alpha_vantage.normalised_ticker as ticker,
        alpha_vantage.trading_date as ex_date,
        case when alpha_vantage.split_coefficient > 0 then alpha_vantage.split_coefficient else 1 end as split_ratio,
        cast(null as {{ type_double() }}) as split_from,
        cast(null as {{ type_double() }}) as split_to,
        greatest(coalesce(alpha_vantage.dividend_amount, 0), 0) as cash_amount,
        alpha_vantage.response_id,
        alpha_vantage.row_in_response,
        alpha_vantage.received_at
    from alpha_vantage
    union all
    select
        'pystock' as provider,
        inferred.ticker,
        inferred.ex_date,
        coalesce(inferred.split_to / inferred.split_from, 1) as split_ratio,
        inferred.split_from,
        inferred.split_to,
        coalesce(inferred.cash_amount, 0) as cash_amount,
        inferred.response_id,
        cast(0 as {{ dbt.type_bigint() }}) as row_in_response,
        inferred.received_at
    from inferred
),

days_with_actions as (
    select
        provider,
        ticker,
        ex_date
    from stated
    where split_ratio <> 1 or cash_amount > 0
    group by provider, ticker, ex_date
),

of_days_with_actions as (
    select stated.* from stated
    inner join days_with_actions
        on stated.provider = days_with_actions.provider
            and stated.ticker = days_with_actions.ticker
            and stated.ex_date = days_with_actions.ex_date
),

by_kind as (
    select
        provider,
        ticker,
        'split' as action_kind,
        ex_date,
        split_ratio,
        split_from,
        split_to,
        cast(0 as {{ type_double() }}) as cash_amount,
        response_id,
        row_in_response,
        received_at
    from of_days_with_actions
    union all
    select
        provider,
        ticker,
        'dividend' as action_kind,
        ex_date,
        cast(1 as {{ type_double() }}) as split_ratio,
        cast(null as {{ type_double() }}) as split_from,
        cast(null as {{ type_double() }}) as split_to,
        cash_amount,
        response_id,
        row_in_response,
        received_at
    from of_days_with_actions
),

numbered as (
    select
        *,
        -- A response can hold a day twice: its last bar counts.
        row_number() over (
            partition by provider, ticker, action_kind, ex_date, received_at
            order by response_id desc, row_in_response desc
        ) as report_number
    from by_kind
),

compared as (
    select
        *,
        lag(split_ratio) over reports as previous_split_ratio,
        lag(cash_amount) over reports as previous_cash_amount
    from numbered
    where report_number = 1
    window reports as (partition by provider, ticker, action_kind, ex_date order by received_at)
),

changed as (
    select
        *,
        lead(received_at) over (
            partition by provider, ticker, action_kind, ex_date order by received_at
        ) as next_received_at,
        greatest(split_ratio, 1 / split_ratio) as ratio
    from compared
    where
        previous_split_ratio is null
        or previous_split_ratio <> split_ratio
        or previous_cash_amount <> cash_amount
),

simplified as (
    select
        *,
        -- Coefficients are printed with four decimals: 0.0667 is one for fifteen.
        {{ simple_denominator('ratio', '0.001') }} as denominator
    from changed
    where split_ratio <> 1 or cash_amount > 0
)

select
    provider,
    ticker,
    action_kind,
    ex_date,
    case
        when action_kind <> 'split' then null
        when split_from is not null then split_from
        when split_ratio < 1 then coalesce(round(ratio * denominator), ratio)
        else coalesce(cast(denominator as {{ type_double() }}), 1)
    end as split_from,
    case
        when action_kind <> 'split' then null
        when split_to is not null then split_to
        when split_ratio < 1 then coalesce(cast(denominator as {{ type_double() }}), 1)
        else coalesce(round(ratio * denominator), ratio)
    end as split_to,
    case when action_kind = 'dividend' then cash_amount end as cash_amount,
    response_id,
    received_at as known_from,
    next_received_at as known_to
from simplified
