-- Polygon lists all it knows, again and again. An action is known from the first list that has it until the first
-- complete list that should have it and does not. If it returns later, that is a new version.

with loads as (
    select * from {{ ref('stg_polygon__loads') }}
    where is_finished
),

splits as (
    select * from {{ ref('stg_polygon__splits') }}
    where is_usable and _dlt_load_id in (select loads.load_id from loads)
),

dividends as (
    select * from {{ ref('stg_polygon__dividends') }}
    where is_usable and _dlt_load_id in (select loads.load_id from loads)
),

responses as (
    select * from {{ ref('stg_polygon__listings') }}
    where _dlt_load_id in (select loads.load_id from loads)
),

responses_numbered as (
    select
        *,
        -- Pages of one kind are requested one after the other, and response ids sort by time: a list goes from a first
        -- page to the page before the next first page.
        sum(case when is_first_page then 1 else 0 end) over (
            partition by action_kind order by received_at, response_id
        ) as listing_number
    from responses
),

pages as (
    select
        response_id,
        action_kind,
        listing_number,
        min(listed_from_date) over listing as listed_from_date,
        max(received_at) over listing as completed_at,
        -- A list that broke off, or that has a row that could not be read, cannot show that something is missing.
        max(case when is_last_page then 1 else 0 end) over listing = 1
        and sum(refused_row_count) over listing = 0 as is_complete
    from responses_numbered
    window listing as (partition by action_kind, listing_number)
),

listings as (
    select
        action_kind,
        listing_number,
        listed_from_date,
        completed_at
    from pages
    where is_complete
    group by action_kind, listing_number, listed_from_date, completed_at
),

listed as (
    select
        {{ normalised_ticker('ticker') }} as ticker,
        'split' as action_kind,
        ex_date,
        split_from,
        split_to,
        cast(null as {{ type_double() }}) as cash_amount,
        cast(null as {{ dbt.type_string() }}) as currency_code,
        cast(null as {{ dbt.type_string() }}) as dividend_type,
        cast(null as date) as declared_date,
        cast(null as date) as record_date,
        cast(null as date) as pay_date,
        provider_action_id,
        response_id,
        row_in_response,
        received_at
    from splits
    union all
    select
        {{ normalised_ticker('ticker') }} as ticker,
        'dividend' as action_kind,
        ex_date,
        cast(null as {{ type_double() }}) as split_from,
        cast(null as {{ type_double() }}) as split_to,
        cash_amount,
        currency_code,
        dividend_type,
        declared_date,
        record_date,
        pay_date,
        provider_action_id,
        response_id,
        row_in_response,
        received_at
    from dividends
),

delivered as (
    select
        listed.*,
        -- Any change of the terms begins a version.
        {{ hash_of([
            'split_from', 'split_to', 'cash_amount', 'currency_code', 'dividend_type',
            'declared_date', 'record_date', 'pay_date', 'provider_action_id',
        ]) }} as terms_hash,
        pages.listing_number
    from listed
    inner join pages on listed.response_id = pages.response_id and listed.action_kind = pages.action_kind
),

numbered as (
    select
        *,
        -- A row can be on two pages of one list.
        row_number() over (
            partition by ticker, action_kind, ex_date, terms_hash, listing_number
            order by received_at desc, response_id desc, row_in_response desc
        ) as delivery_number
    from delivered
),

islands as (
    select
        *,
        listing_number - row_number() over action_listings as island,
        lead(listing_number) over action_listings as next_listing_number
    from numbered
    where delivery_number = 1
    window action_listings as (partition by ticker, action_kind, ex_date, terms_hash order by listing_number)
),

-- Runs of consecutive lists: only their ends need to be compared with the lists that follow.
runs as (
    select
        ticker,
        action_kind,
        ex_date,
        terms_hash,
        min(listing_number) as first_listing_number,
        max(listing_number) as last_listing_number,
        max(case when next_listing_number is null then 1 else 0 end) as is_last_run,
        min(received_at) as first_received_at
    from islands
    group by ticker, action_kind, ex_date, terms_hash, island
),

gaps as (
    select
        runs.ticker,
        runs.action_kind,
        runs.ex_date,
        runs.terms_hash,
        runs.first_listing_number,
        runs.first_received_at,
        lead(runs.first_listing_number) over (
            partition by runs.ticker, runs.action_kind, runs.ex_date, runs.terms_hash
            order by runs.first_listing_number
        ) as next_first_listing_number,
        runs.last_listing_number
    from runs
),

missed as (
    select
        gaps.ticker,
        gaps.action_kind,
        gaps.ex_date,
        gaps.terms_hash,
        gaps.first_listing_number,
        gaps.last_listing_number,
        gaps.first_received_at,
        min(listings.completed_at) as missed_at
    from gaps
    left join listings
        on gaps.action_kind = listings.action_kind
            and gaps.ex_date >= listings.listed_from_date
            and gaps.last_listing_number < listings.listing_number
            and listings.listing_number < coalesce(gaps.next_first_listing_number, listings.listing_number + 1)
    group by
        gaps.ticker,
        gaps.action_kind,
        gaps.ex_date,
        gaps.terms_hash,
        gaps.first_listing_number,
        gaps.last_listing_number,
        gaps.first_received_at
),

-- A gap in which no list should have had it does not end the run.
joined as (
    select
        *,
        coalesce(
            sum(case when missed_at is not null then 1 else 0 end) over (
                partition by ticker, action_kind, ex_date, terms_hash
                order by first_listing_number
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as version_number
    from missed
),

versions as (
    select
        ticker,
        action_kind,
        ex_date,
        terms_hash,
        version_number,
        max(last_listing_number) as last_listing_number,
        min(first_received_at) as known_from,
        max(missed_at) as known_to
    from joined
    group by ticker, action_kind, ex_date, terms_hash, version_number
)

select
    versions.ticker,
    versions.action_kind,
    versions.ex_date,
    versions.terms_hash,
    numbered.split_from,
    numbered.split_to,
    numbered.cash_amount,
    numbered.currency_code,
    numbered.dividend_type,
    numbered.declared_date,
    numbered.record_date,
    numbered.pay_date,
    numbered.provider_action_id,
    numbered.response_id,
    versions.known_from,
    versions.known_to
from versions
inner join numbered
    on versions.ticker = numbered.ticker
        and versions.action_kind = numbered.action_kind
        and versions.ex_date = numbered.ex_date
        and versions.terms_hash = numbered.terms_hash
        and versions.last_listing_number = numbered.listing_number
        and numbered.delivery_number = 1
-- Lists received at one moment can contradict each other, for example under a simulated market with a pinned clock.
where versions.known_to is null or versions.known_to > versions.known_from
