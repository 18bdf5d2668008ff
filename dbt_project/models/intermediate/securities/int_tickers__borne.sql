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
        end as from_date,
        coalesce(composite_figi, cik, cast(start_date as {{ dbt.type_string() }})) as identity
    from companies
),

keyed as (
    select
        *,
        lead(from_date) over (partition by ticker order by bearer_number) as until_date,
        case
            when bearer_number = 1 then {{ security_key('ticker') }}
            else {{ hash_of(['ticker', 'identity']) }}
        end as own_key
    from bounded
),

-- The first ticker that a company is known to have borne gives its key.
carried as (
    select
        *,
        first_value(own_key) over (
            partition by coalesce(composite_figi, own_key)
            order by coalesce(left_date, cast('9999-12-31' as date)), known_from, ticker
        ) as security_key
    from keyed
)

select
    ticker,
    cast(bearer_number as {{ dbt.type_int() }}) as bearer_number,
    security_key,
    composite_figi,
    cik,
    from_date,
    until_date,
    security_key != {{ security_key('ticker') }} as has_key_of_its_own
from carried
