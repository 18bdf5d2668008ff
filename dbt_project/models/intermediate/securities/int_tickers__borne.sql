{{ config(indexes=[{'columns': ['ticker']}]) }}

-- Which company bore a ticker, and when. The first company to bear a ticker keeps the plain key (see the macro
-- security_key), later ones get a key of their own, and a company that changes its ticker takes its key along. All of
-- it follows from what was received, not from the order in which it was loaded.

with grouped as (
    select * from {{ ref('int_listings__grouped') }}
),

companies as (
    select
        ticker,
        bearer_number,
        max(composite_figi) as composite_figi,
        max(cik) as cik,
        min(start_date) as start_date,
        max(left_date) as left_date,
        count(*) - count(left_date) as open_count,
        min(known_from) as known_from
    from grouped
    group by ticker, bearer_number
),

bounded as (
    select
        *,
        -- Between two companies the ticker is the former's until it was delisted.
        case
            when bearer_number > 1
                then coalesce(lag(left_date) over (partition by ticker order by bearer_number), start_date)
        end as taken_over_date,
        coalesce(composite_figi, cik, cast(start_date as {{ dbt.type_string() }})) as identity
    from companies
),

-- A day is one company's: who takes over before the one before it has keeps nothing.
parted as (
    select
        *,
        max(taken_over_date) over (partition by ticker order by bearer_number) as from_date
    from bounded
),

keyed as (
    select
        *,
        lead(from_date) over (partition by ticker order by bearer_number) as until_date,
        case
            when bearer_number = 1 then {{ security_key('ticker') }}
            else {{ key_number(hash_of(['ticker', 'identity'])) }}
        end as own_key
    from parted
),

-- The first ticker that a company is known to have borne gives its key.
carried as (
    select
        *,
        first_value(own_key) over (
            partition by coalesce(composite_figi, cast(own_key as {{ dbt.type_string() }}))
            order by coalesce(left_date, cast('9999-12-31' as date)), known_from, ticker
        ) as security_key
    from keyed
),

succeeded as (
    select
        *,
        row_number() over tickers as ticker_number,
        case
            when row_number() over tickers > 1 then coalesce(lag(left_date) over tickers, start_date)
        end as taken_date,
        count(*) over (partition by security_key) as ticker_count
    from carried
    window tickers as (
        partition by security_key
        order by coalesce(left_date, cast('9999-12-31' as date)), known_from, ticker
    )
)

select
    ticker,
    cast(bearer_number as {{ dbt.type_int() }}) as bearer_number,
    security_key,
    composite_figi,
    cik,
    from_date,
    until_date,
    cast(ticker_number as {{ dbt.type_int() }}) as ticker_number,
    cast(ticker_count as {{ dbt.type_int() }}) as ticker_count,
    taken_date,
    security_key != {{ security_key('ticker') }} or ticker_count > 1 as is_exception
from succeeded
