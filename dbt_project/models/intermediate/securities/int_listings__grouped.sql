{{ config(indexes=[{'columns': ['source_name', 'ticker', 'identity', 'company_number']}]) }}

-- Which of the companies that the lists speak of under one ticker are the same. Companies are told apart by FIGI or
-- CIK where both sides have one; otherwise by listing interval: who is listed after the other was delisted, under
-- another name, is somebody else.

with events as (
    select * from {{ ref('int_listings__judged') }}
),

numbered as (
    select
        *,
        row_number() over (
            partition by source_name, ticker, identity, company_number order by known_from desc, is_listed asc
        ) as newest_first
    from events
),

episodes as (
    select
        source_name,
        ticker,
        identity,
        company_number,
        max(composite_figi) as composite_figi,
        max(cik) as cik,
        max(case when newest_first = 1 and not is_listed then effective_date end) as end_date,
        min(case when is_listed then effective_date end) as start_date,
        min(known_from) as known_from,
        lower({{ regexp_replace("max(security_name)", '[^A-Za-z0-9]+', '') }}) as squeezed_name
    from numbered
    group by source_name, ticker, identity, company_number
),

-- A FIGI under several tickers is one company that changed its ticker.
successive as (
    select
        *,
        coalesce(composite_figi is not null and lead(ticker) over tickers != ticker, false) as has_moved_on,
        lead(start_date) over tickers as next_start_date,
        case
            when composite_figi is not null and lag(ticker) over tickers != ticker
                then coalesce(lag(end_date) over tickers, start_date)
        end as previous_ticker_left_date
    from episodes
    window tickers as (
        partition by source_name, coalesce(composite_figi, ticker || ' ' || identity || ' ' || company_number)
        order by coalesce(end_date, cast('9999-12-31' as date)), known_from, ticker
    )
),

-- A company under a new ticker has left the old one, whether a list says so or not.
moved as (
    select
        *,
        case
            when composite_figi is not null then coalesce(end_date, next_start_date)
            else end_date
        end as left_date
    from successive
),

compared as (
    select
        *,
        lag(composite_figi) over in_order as figi_before,
        lag(cik) over in_order as cik_before,
        lag(left_date) over in_order as left_date_before,
        lag(squeezed_name) over in_order as name_before,
        row_number() over in_order as place
    from moved
    window in_order as (
        partition by ticker
        order by
            coalesce(left_date, cast('9999-12-31' as date)) asc,
            start_date asc,
            source_name desc,
            identity asc,
            company_number asc
    )
),

separated as (
    select
        *,
        case
            when place = 1 then 0
            when composite_figi = figi_before or cik = cik_before then 0
            when composite_figi != figi_before or cik != cik_before then 1
            when left_date_before is null or coalesce(start_date, left_date) < left_date_before then 0
            when squeezed_name = name_before then 0
            -- Polygon writes a name out that the archives cut short, and the other way round.
            when source_name = 'polygon' and position(name_before in squeezed_name) = 1 then 0
            when source_name = 'polygon' and position(squeezed_name in name_before) = 1 then 0
            -- Of a delisting told long after we know no beginning; two within a month are one.
            when start_date is null and left_date < left_date_before + 30 then 0
            else 1
        end as is_other_company
    from compared
),

succeeding as (
    select
        *,
        sum(is_other_company) over (partition by ticker order by place) as successor_number
    from separated
),

-- Between two companies with a FIGI may stand a list without, of either.
identified as (
    select
        *,
        case
            when cik = lag(cik) over with_figi then 0
            when composite_figi != lag(composite_figi) over with_figi then 1
            else 0
        end as has_other_figi
    from succeeding
    window with_figi as (
        partition by ticker, successor_number, case when composite_figi is null then 0 else 1 end order by place
    )
),

grouped as (
    select
        *,
        1 + successor_number + sum(has_other_figi) over (partition by ticker order by place) as bearer_number
    from identified
)

select
    source_name,
    ticker,
    identity,
    company_number,
    cast(bearer_number as {{ dbt.type_int() }}) as bearer_number,
    composite_figi,
    cik,
    start_date,
    left_date,
    known_from,
    previous_ticker_left_date,
    has_moved_on
from grouped
