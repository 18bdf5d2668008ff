{{
    config(
        materialized='table',
        indexes=[
            {'columns': ['security_key', 'known_from']},
            {'columns': ['ticker', 'valid_from']},
            {'columns': ['valid_from']},
        ],
    )
}}

-- Bitemporal: when a security was listed under a name (valid), and when we knew so (known). An event ends the current
-- version and begins the next; nothing is overwritten.

with stated as (
    select * from {{ ref('int_listings__grouped') }}
),

newest_listed as (
    select
        *,
        -- The newest description of a company under a ticker.
        row_number() over (
            partition by ticker, company_number order by known_from desc, effective_date desc, identity asc
        ) as newest_first
    from stated
    where is_listed
),

starts as (
    select
        ticker,
        company_number,
        min(effective_date) as first_date,
        min(known_from) as known_from
    from newest_listed
    group by ticker, company_number
),

followed as (
    select
        ticker,
        company_number,
        lead(first_date) over companies as next_date,
        lead(known_from) over companies as next_known_from
    from starts
    window companies as (partition by ticker order by company_number)
),

-- A ticker belongs to one company at a time: the next one ends the one before it, whether or not a list says so.
replaced as (
    select
        newest_listed.source_name,
        newest_listed.ticker,
        newest_listed.identity,
        newest_listed.listing_number,
        newest_listed.company_number,
        false as is_listed,
        newest_listed.security_name,
        newest_listed.security_type,
        newest_listed.exchange_mic,
        newest_listed.currency_name,
        newest_listed.cik,
        newest_listed.composite_figi,
        newest_listed.share_class_figi,
        cast(null as {{ type_timestamp_tz() }}) as delisted_at,
        followed.next_date as effective_date,
        newest_listed.start_date,
        newest_listed.left_date,
        newest_listed.previous_ticker_left_date,
        newest_listed.has_moved_on,
        followed.next_known_from as known_from
    from newest_listed
    inner join followed
        on newest_listed.ticker = followed.ticker and newest_listed.company_number = followed.company_number
    where
        newest_listed.newest_first = 1
        and followed.next_known_from > newest_listed.known_from
),

events as (
    select
        source_name,
        ticker,
        identity,
        listing_number,
        company_number,
        is_listed,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        delisted_at,
        effective_date,
        start_date,
        left_date,
        previous_ticker_left_date,
        has_moved_on,
        known_from
    from stated
    union all
    select * from replaced
),

assigned as (
    select * from {{ ref('int_tickers__assigned') }}
    where not is_deleted
),

first_bars as (
    select * from {{ ref('int_tickers__known') }}
    where first_trading_date is not null
),

identified as (
    select
        assigned.security_key,
        assigned.from_date,
        events.*,
        row_number() over (
            partition by events.source_name, events.ticker, events.identity, events.listing_number
            order by events.known_from
        ) as event_of_listing,
        min(case when events.source_name = 'polygon' then events.known_from end) over (
            partition by assigned.security_key
        ) as polygon_known_from
    from events
    inner join assigned
        on events.ticker = assigned.ticker and events.company_number = assigned.company_number
    -- A company that is listed under its next ticker was not delisted.
    where events.is_listed or not events.has_moved_on
),

-- Polygon states more than the archives' lists, which are ignored from its first event on.
chosen as (
    select
        *,
        lag(is_listed) over (
            partition by security_key order by known_from, effective_date, is_listed, ticker
        ) as was_listed
    from identified
    where source_name = 'polygon' or polygon_known_from is null or known_from < polygon_known_from
),

successive as (
    select
        security_key,
        company_number,
        from_date,
        ticker,
        is_listed,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        source_name,
        delisted_at,
        case
            when event_of_listing = 1 then coalesce(previous_ticker_left_date, effective_date)
            else effective_date
        end as effective_date,
        known_from,
        row_number() over in_order as event_number,
        lead(is_listed) over in_order as is_listed_next,
        lead(delisted_at) over in_order as next_delisted_at,
        lead(
            case
                when event_of_listing = 1 then coalesce(previous_ticker_left_date, effective_date)
                else effective_date
            end
        ) over in_order as next_effective_date,
        lead(known_from) over in_order as next_known_from
    from chosen
    -- A delisting that is reported twice is one event.
    where is_listed or coalesce(was_listed, true)
    window in_order as (partition by security_key order by known_from, effective_date, is_listed, ticker)
),

intervals as (
    -- Listed, without an end yet.
    select
        successive.*,
        successive.effective_date as valid_from,
        cast(null as date) as valid_to,
        successive.known_from as interval_known_from,
        successive.next_known_from as interval_known_to
    from successive
    where successive.is_listed
    union all
    -- The same, with its end: a delisting or the next description.
    select
        successive.*,
        successive.effective_date as valid_from,
        successive.next_effective_date as valid_to,
        successive.next_known_from as interval_known_from,
        cast(null as {{ type_timestamp_tz() }}) as interval_known_to
    from successive
    where successive.is_listed and successive.next_known_from is not null
    union all
    -- Delisted before we first received it: listed at most since the company before it gave the ticker up.
    select
        successive.*,
        case when successive.company_number > 1 then successive.from_date end as valid_from,
        successive.effective_date as valid_to,
        successive.known_from as interval_known_from,
        cast(null as {{ type_timestamp_tz() }}) as interval_known_to
    from successive
    where not successive.is_listed and successive.event_number = 1
),

-- No list says since when a security has been listed: at least since its first bar, as far as bars were known.
first_bar_periods as (
    select
        ticker,
        first_trading_date,
        known_from as period_from,
        lead(known_from) over (partition by ticker order by known_from) as period_to
    from first_bars
    union all
    select
        ticker,
        cast(null as date) as first_trading_date,
        cast('0001-01-01 00:00+00' as {{ type_timestamp_tz() }}) as period_from,
        min(known_from) as period_to
    from first_bars
    group by ticker
),

begun as (
    select
        intervals.security_key,
        intervals.ticker,
        intervals.security_name,
        intervals.security_type,
        intervals.exchange_mic,
        intervals.currency_name,
        intervals.cik,
        intervals.composite_figi,
        intervals.share_class_figi,
        intervals.source_name,
        case
            when not intervals.is_listed then intervals.delisted_at
            when intervals.valid_to is not null and not intervals.is_listed_next then intervals.next_delisted_at
        end as delisted_at,
        case
            when
                first_bar_periods.first_trading_date < coalesce(intervals.valid_from, intervals.valid_to)
                then first_bar_periods.first_trading_date
            else intervals.valid_from
        end as valid_from,
        intervals.valid_to,
        greatest(
            intervals.interval_known_from, coalesce(first_bar_periods.period_from, intervals.interval_known_from)
        ) as known_from,
        case
            when intervals.interval_known_to is null then first_bar_periods.period_to
            when first_bar_periods.period_to is null then intervals.interval_known_to
            else least(intervals.interval_known_to, first_bar_periods.period_to)
        end as known_to
    from intervals
    left join first_bar_periods
        on
            intervals.event_number = 1
            and intervals.company_number = 1
            and intervals.ticker = first_bar_periods.ticker
            and (intervals.interval_known_to is null or intervals.interval_known_to > first_bar_periods.period_from)
            and (first_bar_periods.period_to is null or intervals.interval_known_from < first_bar_periods.period_to)
),

-- When a list first named the ticker, or the company that had it first: a list describes that company from then on.
first_events as (
    select
        ticker,
        min(known_from) as known_from
    from (
        select
            ticker,
            known_from
        from successive
        union all
        select
            assigned.ticker,
            successive.known_from
        from assigned
        inner join successive on assigned.security_key = successive.security_key
        where assigned.company_number = 1
    ) as named
    group by ticker
),

-- Traded before a list named it, or never named by one.
unnamed as (
    select
        coalesce(first_companies.security_key, {{ security_key('first_bar_periods.ticker') }}) as security_key,
        first_bar_periods.ticker,
        first_bar_periods.first_trading_date as valid_from,
        first_bar_periods.period_from as known_from,
        case
            when first_events.known_from is null then first_bar_periods.period_to
            when first_bar_periods.period_to is null then first_events.known_from
            else least(first_events.known_from, first_bar_periods.period_to)
        end as known_to
    from first_bar_periods
    left join first_events on first_bar_periods.ticker = first_events.ticker
    left join assigned as first_companies
        on first_bar_periods.ticker = first_companies.ticker and first_companies.company_number = 1
    where
        first_bar_periods.first_trading_date is not null
        and (first_events.known_from is null or first_bar_periods.period_from < first_events.known_from)
),

versions as (
    select * from begun
    -- An interval that ends before it begins is a correction, not a listing.
    where
        (known_to is null or known_to > known_from)
        and (valid_to is null or valid_from is null or valid_to > valid_from)
    union all
    select
        security_key,
        ticker,
        null as security_name,
        null as security_type,
        null as exchange_mic,
        null as currency_name,
        null as cik,
        null as composite_figi,
        null as share_class_figi,
        null as source_name,
        null as delisted_at,
        valid_from,
        cast(null as date) as valid_to,
        known_from,
        known_to
    from unnamed
),

-- Versions that a bar has cut in two without changing them are joined again.
compared as (
    select
        *,
        {{
            hash_of([
                'security_key', 'ticker', 'security_name', 'security_type', 'exchange_mic', 'currency_name', 'cik',
                'composite_figi', 'share_class_figi', 'source_name', epoch_seconds('delisted_at'), 'valid_from',
                'valid_to',
            ])
        }} as version_hash
    from versions
),

continued as (
    select
        *,
        coalesce(
            lag(known_to) over (partition by version_hash order by known_from) = known_from, false
        ) as is_continuation
    from compared
),

islands as (
    select
        *,
        sum(case when is_continuation then 0 else 1 end) over (
            partition by version_hash order by known_from
        ) as island_number
    from continued
),

merged as (
    select
        version_hash,
        island_number,
        security_key,
        ticker,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        source_name,
        delisted_at,
        valid_from,
        valid_to,
        min(known_from) as known_from,
        case when count(known_to) = count(*) then max(known_to) end as known_to
    from islands
    group by
        version_hash, island_number, security_key, ticker, security_name, security_type, exchange_mic, currency_name,
        cik, composite_figi, share_class_figi, source_name, delisted_at, valid_from, valid_to
)

select
    {{ hash_of(['version_hash', 'island_number']) }} as security_version_key,
    security_key,
    ticker,
    cast(
        row_number() over (partition by security_key order by known_from, valid_from, valid_to)
        as {{ dbt.type_int() }}
    ) as version_number,
    security_name,
    security_type,
    exchange_mic,
    currency_name,
    cik,
    composite_figi,
    share_class_figi,
    source_name as described_by,
    delisted_at,
    valid_from,
    valid_to,
    valid_to is null as is_listed,
    known_from,
    known_to,
    known_to is null as is_current,
    {{ dbt.current_timestamp() }} as _updated_at
from merged
