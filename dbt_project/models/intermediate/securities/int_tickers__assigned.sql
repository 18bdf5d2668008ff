{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['ticker', 'company_number', 'security_key', 'is_exception'],
        indexes=[
            {'columns': ['ticker', 'company_number', 'security_key', 'is_exception'], 'unique': true},
            {'columns': ['security_key']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- The first company with a ticker has the ticker's plain key (macro security_key), later ones have keys of their own,
-- and a company that changes its ticker keeps its key.

with listings as (
    select * from {{ ref('int_listings__grouped') }}
),

companies as (
    select
        ticker,
        company_number,
        max(composite_figi) as composite_figi,
        max(cik) as cik,
        min(start_date) as start_date,
        max(left_date) as left_date,
        min(known_from) as known_from
    from listings
    group by ticker, company_number
),

bounded as (
    select
        *,
        -- Until its successor is listed, the ticker belongs to the company that had it.
        case
            when company_number > 1
                then coalesce(lag(left_date) over (partition by ticker order by company_number), start_date)
        end as taken_over_date,
        coalesce(composite_figi, cik, cast(start_date as {{ dbt.type_string() }})) as identity
    from companies
),

-- Clamp overlaps, so that each date belongs to one company.
clamped as (
    select
        *,
        max(taken_over_date) over (partition by ticker order by company_number) as from_date
    from bounded
),

keyed as (
    select
        *,
        lead(from_date) over (partition by ticker order by company_number) as until_date,
        case
            when company_number = 1 then {{ security_key('ticker') }}
            else {{ key_number(hash_of(['ticker', 'identity'])) }}
        end as own_key
    from clamped
),

-- A company's first known ticker gives its key.
carried as (
    select
        *,
        first_value(own_key) over (
            partition by coalesce(composite_figi, cast(own_key as {{ dbt.type_string() }}))
            order by coalesce(left_date, cast('9999-12-31' as date)), known_from, ticker
        ) as security_key
    from keyed
),

numbered as (
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
),

assigned as (
    select
        ticker,
        company_number,
        security_key,
        composite_figi,
        cik,
        from_date,
        until_date,
        cast(ticker_number as {{ dbt.type_int() }}) as ticker_number,
        cast(ticker_count as {{ dbt.type_int() }}) as ticker_count,
        taken_date,
        security_key != {{ security_key('ticker') }} or ticker_count > 1 as is_exception
    from numbered
)

{{ changed_rows('assigned', key=['ticker', 'company_number', 'security_key', 'is_exception']) }}
