{{ config(indexes=[{'columns': ['ticker', 'company_number']}]) }}

-- Events: a listing, a change of its description, a delisting. Polygon names delisted securities; the archives' lists
-- only leave them out, and sometimes by mistake. A security that is absent from `lists_absent_until_delisted` lists in
-- a row is delisted as of the first of them, known with the last. If it returns renamed, it is another company.

with changes as (
    select * from {{ ref('int_listings__changed') }}
),

lists as (
    select
        first_received_at as received_at,
        row_number() over (order by first_received_at) as list_number,
        count(*) over () as list_count
    from changes
    where identity = 'list'
),

numbered as (
    select
        changes.*,
        lists.list_number,
        lists.list_count,
        lead(changes.is_listed) over by_time as is_listed_next,
        lead(lists.list_number) over by_time as next_number,
        lead(changes.first_list_date) over by_time as next_list_date
    from changes
    inner join lists on changes.first_received_at = lists.received_at
    where changes.source_name = 'pystock' and changes.identity != 'list'
    window by_time as (partition by changes.ticker order by changes.first_received_at)
),

present as (
    select
        *,
        lag(security_name) over (partition by ticker order by list_number) as previous_name,
        lag(case when not is_listed_next then next_number end) over (
            partition by ticker order by list_number
        ) as absent_since_number,
        lead(security_name) over (partition by ticker order by list_number) as next_name,
        lead(list_number) over (partition by ticker order by list_number) as present_again_number
    from numbered
    where is_listed
),

measured as (
    select
        *,
        -- Null where it was not absent before.
        list_number - absent_since_number as absence_before,
        security_name != previous_name as is_renamed,
        case when not is_listed_next then next_number end as absent_number,
        coalesce(present_again_number, list_count + 1) - next_number as absence_after
    from present
),

listed as (
    select
        *,
        coalesce(absence_before > 0 and is_renamed, false) as is_other_company
    from measured
    where
        previous_name is null
        or is_renamed
        or absence_before >= {{ var('lists_absent_until_delisted') }}
),

delisted as (
    select
        measured.ticker,
        measured.list_number,
        measured.next_list_date as effective_date,
        least(confirmations.received_at, returns.received_at) as known_from
    from measured
    left join lists as confirmations
        on
            confirmations.list_number = measured.absent_number + {{ var('lists_absent_until_delisted') }} - 1
            and measured.absence_after >= {{ var('lists_absent_until_delisted') }}
    left join lists as returns
        on measured.present_again_number = returns.list_number and measured.security_name != measured.next_name
    where
        measured.absent_number is not null
        and (confirmations.list_number is not null or returns.list_number is not null)
),

pystock_events as (
    select
        ticker,
        list_number,
        true as is_listed,
        is_other_company,
        security_name,
        first_list_date as effective_date,
        first_received_at as known_from
    from listed
    union all
    select
        ticker,
        -- Before the listing that may follow it.
        list_number + 0.5 as list_number,
        false as is_listed,
        false as is_other_company,
        null as security_name,
        effective_date,
        known_from
    from delisted
),

pystock_numbered as (
    select
        *,
        1 + sum(case when is_other_company then 1 else 0 end) over (
            partition by ticker order by list_number
        ) as listing_number
    from pystock_events
),

events as (
    select
        'pystock' as source_name,
        ticker,
        '' as identity,
        cast(listing_number as {{ dbt.type_int() }}) as listing_number,
        is_listed,
        security_name,
        cast(null as {{ dbt.type_string() }}) as security_type,
        cast(null as {{ dbt.type_string() }}) as exchange_mic,
        cast(null as {{ dbt.type_string() }}) as currency_name,
        cast(null as {{ dbt.type_string() }}) as cik,
        cast(null as {{ dbt.type_string() }}) as composite_figi,
        cast(null as {{ dbt.type_string() }}) as share_class_figi,
        cast(null as {{ type_timestamp_tz() }}) as delisted_at,
        effective_date,
        known_from
    from pystock_numbered
    union all
    select
        source_name,
        ticker,
        identity,
        1 as listing_number,
        is_listed,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        delisted_at,
        case
            when is_listed then first_list_date
            else coalesce({{ date_in_zone('delisted_at', 'America/New_York') }}, first_list_date)
        end as effective_date,
        first_received_at as known_from
    from changes
    where source_name = 'polygon'
),

ordered as (
    select
        *,
        row_number() over (
            partition by source_name, ticker, identity, listing_number order by known_from desc, is_listed asc
        ) as newest_first
    from events
),

-- Which listings under a ticker are of the same company: by FIGI or CIK where both have one, otherwise by dates.
-- A listing that begins after the other was delisted, under another name, is of another company.
listings as (
    select
        source_name,
        ticker,
        identity,
        listing_number,
        max(composite_figi) as composite_figi,
        max(cik) as cik,
        max(case when newest_first = 1 and not is_listed then effective_date end) as end_date,
        min(case when is_listed then effective_date end) as start_date,
        min(known_from) as known_from,
        lower({{ regexp_replace("max(security_name)", '[^A-Za-z0-9]+', '') }}) as squeezed_name
    from ordered
    group by source_name, ticker, identity, listing_number
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
    from listings
    window tickers as (
        partition by source_name, coalesce(composite_figi, ticker || ' ' || identity || ' ' || listing_number)
        order by coalesce(end_date, cast('9999-12-31' as date)), known_from, ticker
    )
),

-- A company under a new ticker has left the old one, whether or not a list says so.
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
        lag(composite_figi) over in_order as previous_figi,
        lag(cik) over in_order as previous_cik,
        lag(left_date) over in_order as previous_left_date,
        lag(squeezed_name) over in_order as previous_name,
        row_number() over in_order as position_in_ticker
    from moved
    window in_order as (
        partition by ticker
        order by
            coalesce(left_date, cast('9999-12-31' as date)) asc,
            start_date asc,
            source_name desc,
            identity asc,
            listing_number asc
    )
),

separated as (
    select
        *,
        case
            when position_in_ticker = 1 then 0
            when composite_figi = previous_figi or cik = previous_cik then 0
            when composite_figi != previous_figi or cik != previous_cik then 1
            when previous_left_date is null or coalesce(start_date, left_date) < previous_left_date then 0
            when squeezed_name = previous_name then 0
            -- One source cuts short a name that the other writes out.
            when source_name = 'polygon' and position(previous_name in squeezed_name) = 1 then 0
            when source_name = 'polygon' and position(squeezed_name in previous_name) = 1 then 0
            -- A delisting that was reported long after has no start date: two within a month are one.
            when start_date is null and left_date < previous_left_date + 30 then 0
            else 1
        end as is_other_company
    from compared
),

succeeding as (
    select
        *,
        sum(is_other_company) over (partition by ticker order by position_in_ticker) as successor_number
    from separated
),

-- A listing without a FIGI can come between two companies that have one.
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
        partition by ticker, successor_number, case when composite_figi is null then 0 else 1 end
        order by position_in_ticker
    )
),

companies as (
    select
        *,
        1 + successor_number + sum(has_other_figi) over (
            partition by ticker order by position_in_ticker
        ) as company_number
    from identified
)

select
    events.source_name,
    events.ticker,
    events.identity,
    events.listing_number,
    cast(companies.company_number as {{ dbt.type_int() }}) as company_number,
    events.is_listed,
    events.security_name,
    events.security_type,
    events.exchange_mic,
    events.currency_name,
    events.cik,
    events.composite_figi,
    events.share_class_figi,
    events.delisted_at,
    events.effective_date,
    companies.start_date,
    companies.left_date,
    companies.previous_ticker_left_date,
    companies.has_moved_on,
    events.known_from
from events
inner join companies
    on
        events.source_name = companies.source_name
        and events.ticker = companies.ticker
        and events.identity = companies.identity
        and events.listing_number = companies.listing_number
