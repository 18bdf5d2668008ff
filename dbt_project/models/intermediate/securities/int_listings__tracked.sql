{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['source_name', 'ticker', 'identity'],
        indexes=[{'columns': ['source_name', 'ticker', 'identity']}],
        pre_hook="{{ claim_new_loads(sources=['polygon', 'pystock']) }}",
    )
}}

-- Lists repeat thirty thousand rows a day, and next to nothing changes: kept is where a security's row begins to say
-- something else. What a list says can only be told apart from the one before it, so a list that comes late makes
-- everything after it be read again; one that comes in its turn costs its own rows. Either way the outcome is that of
-- reading all lists in the order in which they were received.

with claimed_polygon as (
    select received_at from {{ ref('stg_polygon__tickers') }}
    where {{ is_newly_claimed(['polygon']) }}
),

claimed_pystock as (
    select received_at from {{ ref('stg_pystock__symbols') }}
    where {{ is_newly_claimed(['pystock']) }}
),

-- A day of Polygon's lists is read as a whole: its pages come minutes apart.
starts_polygon as (
    select
        'polygon' as source_name,
        min(received_at) as start_at,
        {{ date_in_zone('min(received_at)', 'America/New_York') }} as start_date
    from claimed_polygon
),

starts_pystock as (
    select
        'pystock' as source_name,
        min(received_at) as start_at,
        cast(null as date) as start_date
    from claimed_pystock
),

starts as (
    select * from starts_polygon
    union all
    select * from starts_pystock
),

lists as (
    select * from {{ ref('int_security_lists__received') }}
    where received_at >= (select starts_pystock.start_at from starts_pystock)
),

polygon as (
    select * from {{ ref('stg_polygon__tickers') }}
    where
        {{ is_finished(['polygon']) }}
        and {{ date_in_zone('received_at', 'America/New_York') }}
        >= (select starts_polygon.start_date from starts_polygon)
),

pystock as (
    select * from {{ ref('stg_pystock__symbols') }}
    where
        {{ is_finished(['pystock']) }}
        and received_at >= (select starts_pystock.start_at from starts_pystock)
),

polygon_rows as (
    select
        'polygon' as source_name,
        {{ normalised_ticker('ticker') }} as ticker,
        coalesce(composite_figi, cik, '') as identity,
        coalesce(is_active, true) as is_listed,
        trim(security_name) as security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        delisted_at,
        {{ date_in_zone('received_at', 'America/New_York') }} as list_date,
        received_at,
        row_number() over (
            partition by
                {{ normalised_ticker('ticker') }},
                coalesce(composite_figi, cik, ''),
                {{ date_in_zone('received_at', 'America/New_York') }}
            -- A day's lists name a security several times where it is listed here and was delisted there, or where
            -- they were asked for twice: listed beats delisted, then the newest row counts.
            order by coalesce(is_active, true) desc, received_at desc, response_id desc, row_in_response desc
        ) as row_place
    from polygon
),

pystock_rows as (
    select
        'pystock' as source_name,
        {{ normalised_ticker('pystock.ticker') }} as ticker,
        '' as identity,
        true as is_listed,
        trim(pystock.security_name) as security_name,
        cast(null as {{ dbt.type_string() }}) as security_type,
        cast(null as {{ dbt.type_string() }}) as exchange_mic,
        cast(null as {{ dbt.type_string() }}) as currency_name,
        cast(null as {{ dbt.type_string() }}) as cik,
        cast(null as {{ dbt.type_string() }}) as composite_figi,
        cast(null as {{ dbt.type_string() }}) as share_class_figi,
        cast(null as {{ type_timestamp_tz() }}) as delisted_at,
        lists.list_date,
        pystock.received_at,
        row_number() over (
            partition by {{ normalised_ticker('pystock.ticker') }}, pystock.received_at
            -- Some lists hold every row twice.
            order by pystock.row_in_response desc, pystock.response_id desc
        ) as row_place
    from pystock
    inner join lists on pystock.received_at = lists.received_at
),

seen as (
    select * from polygon_rows
    where row_place = 1
    union all
    select * from pystock_rows
    where row_place = 1
),

{% if is_incremental() -%}
-- What was said before the lists that are read now: the beginning of the run that they go on with, or end.
kept as (
    select known.*
    from {{ this }} as known
    inner join starts
        on
            known.source_name = starts.source_name
            and case
                when starts.source_name = 'polygon'
                    then {{ date_in_zone('known.first_received_at', 'America/New_York') }} < starts.start_date
                else known.first_received_at < starts.start_at
            end
),

{% endif -%}
followed as (
    select
        ticker,
        min(received_at) as first_received_at
    from seen
    where source_name = 'pystock'
    group by ticker
    {%- if is_incremental() %}
    union all
    select
        ticker,
        min(first_received_at) as first_received_at
    from kept
    where source_name = 'pystock'
    group by ticker
    {%- endif %}
),

-- A list without the security says that it is not listed, or that the collector slipped. As a difference of sets: a
-- join could be done by comparing every pair, where the database takes `seen` to be small.
absent as (
    select
        followed.ticker,
        lists.list_date,
        lists.received_at
    from followed
    inner join lists on followed.first_received_at < lists.received_at
    except
    select
        ticker,
        list_date,
        received_at
    from seen
    where source_name = 'pystock'
),

told as (
    select
        source_name,
        ticker,
        identity,
        is_listed,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        delisted_at,
        list_date,
        received_at
    from seen
    union all
    select
        'pystock' as source_name,
        ticker,
        '' as identity,
        false as is_listed,
        null as security_name,
        null as security_type,
        null as exchange_mic,
        null as currency_name,
        null as cik,
        null as composite_figi,
        null as share_class_figi,
        null as delisted_at,
        list_date,
        received_at
    from absent
    {%- if is_incremental() %}
    union all
    select
        source_name,
        ticker,
        identity,
        is_listed,
        security_name,
        security_type,
        exchange_mic,
        currency_name,
        cik,
        composite_figi,
        share_class_figi,
        delisted_at,
        first_list_date as list_date,
        first_received_at as received_at
    from kept
    {%- endif %}
),

hashed as (
    select
        *,
        {{
            hash_of([
                'is_listed', 'security_name', 'security_type', 'exchange_mic', 'currency_name', 'cik',
                'composite_figi', 'share_class_figi', epoch_seconds('delisted_at'),
            ])
        }} as state_hash
    from told
),

compared as (
    select
        *,
        lag(state_hash) over (
            partition by source_name, ticker, identity order by received_at
        ) as state_hash_before
    from hashed
)

select
    source_name,
    ticker,
    identity,
    is_listed,
    security_name,
    security_type,
    exchange_mic,
    currency_name,
    cik,
    composite_figi,
    share_class_figi,
    delisted_at,
    list_date as first_list_date,
    received_at as first_received_at
from compared
where state_hash_before is null or state_hash_before != state_hash
