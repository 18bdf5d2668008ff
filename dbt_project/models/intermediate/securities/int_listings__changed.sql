{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['source_name', 'ticker', 'identity'],
        indexes=[
            {'columns': ['source_name', 'ticker', 'identity']},
            {'columns': ['_dlt_load_id']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- Lists repeat thirty thousand rows a day and hardly change: only the rows that differ from the list before are kept.
-- A list that arrives late is read again with all lists after it, so the order of loads does not matter.

with loads as (
    {{ new_loads(['polygon', 'pystock']) }}
),

polygon_loads as (
    select * from {{ ref('stg_polygon__loads') }}
    where is_finished
),

pystock_loads as (
    select * from {{ ref('stg_pystock__loads') }}
    where is_finished
),

polygon_tickers as (
    select * from {{ ref('stg_polygon__tickers') }}
),

pystock_symbols as (
    select * from {{ ref('stg_pystock__symbols') }}
),

-- The first new list of each source; null where it has none. All lists are new in a full build.
polygon_start as (
    select
        min(received_at) as start_at,
        {{ date_in_zone('min(received_at)', 'America/New_York') }} as start_date
    from polygon_tickers
    {%- if is_incremental() %}
    where {{ in_array('_dlt_load_id', "select loads.load_id from loads where loads.source_name = 'polygon'") }}
    {%- endif %}
),

pystock_start as (
    select min(received_at) as start_at
    from pystock_symbols
    {%- if is_incremental() %}
    where {{ in_array('_dlt_load_id', "select loads.load_id from loads where loads.source_name = 'pystock'") }}
    {%- endif %}
),

-- The pages of one day's list arrive minutes apart, so a day is read whole.
polygon_rows as (
    select
        {{ normalised_ticker('polygon_tickers.ticker') }} as ticker,
        coalesce(polygon_tickers.composite_figi, polygon_tickers.cik, '') as identity,
        coalesce(polygon_tickers.is_active, true) as is_listed,
        trim(polygon_tickers.security_name) as security_name,
        polygon_tickers.security_type,
        polygon_tickers.exchange_mic,
        polygon_tickers.currency_name,
        polygon_tickers.cik,
        polygon_tickers.composite_figi,
        polygon_tickers.share_class_figi,
        polygon_tickers.delisted_at,
        {{ date_in_zone('polygon_tickers.received_at', 'America/New_York') }} as list_date,
        polygon_tickers.received_at,
        polygon_tickers.response_id,
        polygon_tickers.row_in_response,
        polygon_tickers._dlt_load_id,
        polygon_loads.finished_at as _loaded_at
    from polygon_tickers
    inner join polygon_loads on polygon_tickers._dlt_load_id = polygon_loads.load_id
    where
        (select polygon_start.start_at is not null from polygon_start)
        and {{ date_in_zone('polygon_tickers.received_at', 'America/New_York') }}
        >= (select polygon_start.start_date from polygon_start)
),

polygon_numbered as (
    select
        *,
        -- A day's list names a security several times where it was delisted elsewhere or the list was requested
        -- twice: a listed row goes first, then the newest.
        row_number() over (
            partition by ticker, identity, list_date
            order by is_listed desc, received_at desc, response_id desc, row_in_response desc
        ) as delivery_number,
        -- A ticker can be listed for one company at a time: of several in a day's list, the newest counts.
        row_number() over (
            partition by ticker, list_date, is_listed
            order by received_at desc, response_id desc, row_in_response desc
        ) as company_delivery_number
    from polygon_rows
),

pystock_rows as (
    select
        {{ normalised_ticker('pystock_symbols.ticker') }} as ticker,
        trim(pystock_symbols.security_name) as security_name,
        pystock_symbols.archive_name,
        pystock_symbols.received_at,
        pystock_symbols.response_id,
        pystock_symbols.row_in_response,
        pystock_symbols._dlt_load_id,
        pystock_loads.finished_at as _loaded_at
    from pystock_symbols
    inner join pystock_loads on pystock_symbols._dlt_load_id = pystock_loads.load_id
    where
        (select pystock_start.start_at is not null from pystock_start)
        and pystock_symbols.received_at >= (select pystock_start.start_at from pystock_start)
),

pystock_numbered as (
    select
        *,
        -- Some lists hold every row twice.
        row_number() over (
            partition by ticker, received_at order by row_in_response desc, response_id desc
        ) as delivery_number
    from pystock_rows
),

pystock_lists as (
    select
        received_at,
        -- The date in the archive's name; where there is none, the day on which it was received.
        coalesce(
            {{ date_of_digits('max(archive_name)') }}, {{ date_in_zone('received_at', 'America/New_York') }}
        ) as list_date,
        max(_dlt_load_id) as _dlt_load_id,
        max(_loaded_at) as _loaded_at
    from pystock_rows
    group by received_at
),

{% if is_incremental() -%}
-- What earlier lists say: the rows that the first new list is compared with, or that end with it.
kept as (
    select built.*
    from {{ this }} as built
    cross join polygon_start
    cross join pystock_start
    where
        (
            built.source_name = 'polygon'
            and {{ date_in_zone('built.first_received_at', 'America/New_York') }} < polygon_start.start_date
        )
        or (built.source_name = 'pystock' and built.first_received_at < pystock_start.start_at)
),

{% endif -%}
pystock_tickers as (
    select
        ticker,
        min(received_at) as first_received_at
    from pystock_rows
    group by ticker
    {%- if is_incremental() %}
    union all
    select
        ticker,
        min(first_received_at) as first_received_at
    from kept
    where source_name = 'pystock' and identity != 'list'
    group by ticker
    {%- endif %}
),

-- A list without a security says that it is no longer listed, or that the collector missed it.
pystock_absent as (
    select
        pystock_tickers.ticker,
        pystock_lists.received_at
    from pystock_tickers
    inner join pystock_lists on pystock_tickers.first_received_at < pystock_lists.received_at
    except
    select
        ticker,
        received_at
    from pystock_rows
),

pystock_states as (
    select
        ticker,
        '' as identity,
        true as is_listed,
        security_name,
        received_at
    from pystock_numbered
    where delivery_number = 1
    union all
    select
        ticker,
        '' as identity,
        false as is_listed,
        null as security_name,
        received_at
    from pystock_absent
    union all
    -- The list itself, so that lists can be counted without reading them again.
    select
        '' as ticker,
        'list' as identity,
        true as is_listed,
        null as security_name,
        received_at
    from pystock_lists
),

states as (
    select
        'polygon' as source_name,
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
        received_at,
        _dlt_load_id,
        _loaded_at
    from polygon_numbered
    where delivery_number = 1 and (company_delivery_number = 1 or not is_listed)
    union all
    select
        'pystock' as source_name,
        pystock_states.ticker,
        pystock_states.identity,
        pystock_states.is_listed,
        pystock_states.security_name,
        null as security_type,
        null as exchange_mic,
        null as currency_name,
        null as cik,
        null as composite_figi,
        null as share_class_figi,
        null as delisted_at,
        pystock_lists.list_date,
        pystock_states.received_at,
        pystock_lists._dlt_load_id,
        pystock_lists._loaded_at
    from pystock_states
    inner join pystock_lists on pystock_states.received_at = pystock_lists.received_at
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
        first_received_at as received_at,
        _dlt_load_id,
        _loaded_at
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
    from states
),

compared as (
    select
        *,
        identity = 'list' or coalesce(
            state_hash != lag(state_hash) over (partition by source_name, ticker, identity order by received_at), true
        ) as is_changed
    from hashed
),

numbered as (
    select
        *,
        sum(case when is_changed then 1 else 0 end) over (
            partition by source_name, ticker, identity order by received_at
        ) as change_number
    from compared
),

-- A row remembers the last load that repeated it: that load has been read.
loaded as (
    select
        *,
        max(_dlt_load_id) over (
            partition by source_name, ticker, identity, change_number
        ) as last_load_id,
        max(_loaded_at) over (
            partition by source_name, ticker, identity, change_number
        ) as last_loaded_at
    from numbered
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
    received_at as first_received_at,
    last_load_id as _dlt_load_id,
    last_loaded_at as _loaded_at,
    {{ dbt.current_timestamp() }} as _updated_at
from loaded
where is_changed
