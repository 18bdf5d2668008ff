{{
    config(
        indexes=[
            {'columns': ['security_key', 'known_from']},
            {'columns': ['ticker', 'valid_from']},
            {'columns': ['valid_from']},
        ],
        post_hook="{{ create_securities_as_of() }}",
    )
}}

-- Two times stand side by side: when a security was listed under a name (valid), and when we believed so (known). An
-- event closes what was believed and opens what is believed from then on; nothing is ever overwritten.

with events as (
    select * from {{ ref('int_listings__judged') }}
),

grouped as (
    select * from {{ ref('int_listings__grouped') }}
),

borne as (
    select * from {{ ref('int_tickers__borne') }}
),

first_bars as (
    select * from {{ ref('int_first_bars__learned') }}
),

identified as (
    select
        borne.security_key,
        borne.bearer_number,
        events.*,
        grouped.previous_ticker_left_date,
        row_number() over (
            partition by events.source_name, events.ticker, events.identity, events.company_number
            order by events.known_from
        ) as place,
        min(case when events.source_name = 'polygon' then events.known_from end) over (
            partition by borne.security_key
        ) as polygon_known_from
    from events
    inner join grouped
        on
            events.source_name = grouped.source_name
            and events.ticker = grouped.ticker
            and events.identity = grouped.identity
            and events.company_number = grouped.company_number
    inner join borne on grouped.ticker = borne.ticker and grouped.bearer_number = borne.bearer_number
    -- The list's "delisted" of a ticker that the company has left is the change of its ticker, told by the new one.
    where events.is_listed or not grouped.has_moved_on
),

-- Polygon tells more and tells it outright: from its first word on the archives' lists are not heard any more.
chosen as (
    select
        *,
        lag(is_listed) over (
            partition by security_key order by known_from, effective_date, is_listed, ticker
        ) as is_listed_before
    from identified
    where source_name = 'polygon' or polygon_known_from is null or known_from < polygon_known_from
),

successive as (
    select
        security_key,
        bearer_number,
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
        case when place = 1 then coalesce(previous_ticker_left_date, effective_date) else effective_date end
            as effective_date,
        known_from,
        row_number() over in_order as event_number,
        lead(is_listed) over in_order as is_listed_next,
        lead(delisted_at) over in_order as next_delisted_at,
        lead(case when place = 1 then coalesce(previous_ticker_left_date, effective_date) else effective_date end)
            over in_order as next_effective_date,
        lead(known_from) over in_order as next_known_from
    from chosen
    -- Delisted is delisted: said twice it is no event.
    where is_listed or coalesce(is_listed_before, true)
    window in_order as (partition by security_key order by known_from, effective_date, is_listed, ticker)
),

believed as (
    -- Listed, and nothing else said yet.
    select
        successive.*,
        successive.effective_date as valid_from,
        cast(null as date) as valid_to,
        successive.known_from as believed_from,
        successive.next_known_from as believed_to
    from successive
    where successive.is_listed
    union all
    -- The same, as it is believed since it ended: by a delisting, or by the next description.
    select
        successive.*,
        successive.effective_date as valid_from,
        successive.next_effective_date as valid_to,
        successive.next_known_from as believed_from,
        cast(null as {{ type_timestamp_tz() }}) as believed_to
    from successive
    where successive.is_listed and successive.next_known_from is not null
    union all
    -- Delisted before we first heard of it.
    select
        successive.*,
        cast(null as date) as valid_from,
        successive.effective_date as valid_to,
        successive.known_from as believed_from,
        cast(null as {{ type_timestamp_tz() }}) as believed_to
    from successive
    where not successive.is_listed and successive.event_number = 1
),

-- Since when it has been listed no list says: at least since its first bar, as far as bars were known.
bar_epochs as (
    select
        ticker,
        first_trading_date,
        known_from as epoch_from,
        lead(known_from) over (partition by ticker order by known_from) as epoch_to
    from first_bars
    union all
    select
        ticker,
        cast(null as date) as first_trading_date,
        cast('0001-01-01 00:00+00' as {{ type_timestamp_tz() }}) as epoch_from,
        min(known_from) as epoch_to
    from first_bars
    group by ticker
),

begun as (
    select
        believed.security_key,
        believed.ticker,
        believed.security_name,
        believed.security_type,
        believed.exchange_mic,
        believed.currency_name,
        believed.cik,
        believed.composite_figi,
        believed.share_class_figi,
        believed.source_name,
        case
            when not believed.is_listed then believed.delisted_at
            when believed.valid_to is not null and not believed.is_listed_next then believed.next_delisted_at
        end as delisted_at,
        case
            when
                bar_epochs.first_trading_date < coalesce(believed.valid_from, believed.valid_to)
                then bar_epochs.first_trading_date
            else believed.valid_from
        end as valid_from,
        believed.valid_to,
        greatest(believed.believed_from, coalesce(bar_epochs.epoch_from, believed.believed_from)) as known_from,
        case
            when believed.believed_to is null then bar_epochs.epoch_to
            when bar_epochs.epoch_to is null then believed.believed_to
            else least(believed.believed_to, bar_epochs.epoch_to)
        end as known_to
    from believed
    left join bar_epochs
        on
            believed.event_number = 1
            and believed.bearer_number = 1
            and believed.ticker = bar_epochs.ticker
            and (believed.believed_to is null or believed.believed_to > bar_epochs.epoch_from)
            and (bar_epochs.epoch_to is null or believed.believed_from < bar_epochs.epoch_to)
),

first_events as (
    select
        ticker,
        min(known_from) as known_from
    from successive
    where event_number = 1 and bearer_number = 1
    group by ticker
),

-- Traded before any list named it, or never named by one.
unnamed as (
    select
        coalesce(first_bearers.security_key, {{ security_key('bar_epochs.ticker') }}) as security_key,
        bar_epochs.ticker,
        bar_epochs.first_trading_date as valid_from,
        bar_epochs.epoch_from as known_from,
        case
            when first_events.known_from is null then bar_epochs.epoch_to
            when bar_epochs.epoch_to is null then first_events.known_from
            else least(first_events.known_from, bar_epochs.epoch_to)
        end as known_to
    from bar_epochs
    left join first_events on bar_epochs.ticker = first_events.ticker
    left join borne as first_bearers on bar_epochs.ticker = first_bearers.ticker and first_bearers.bearer_number = 1
    where
        bar_epochs.first_trading_date is not null
        and (first_events.known_from is null or bar_epochs.epoch_from < first_events.known_from)
),

versions as (
    select * from begun
    -- What ended before it began was a correction, not a listing.
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

-- A bar that changes nothing cuts a version in two: the halves are put together again.
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
    known_to is null as is_current
from merged
