{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='ticker',
        indexes=[
            {'columns': ['ticker', 'known_from'], 'unique': true},
            {'columns': ['_dlt_load_id']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- From when on a cashtag can mean a security, and what its first bar was then. Bars of long ago can arrive late. All
-- rows of a ticker are written again when a load names it; those that do not change keep their `_updated_at`.

with loads as (
    {{ new_loads(['polygon', 'alpha_vantage', 'pystock', 'rss', 'headlines']) }}
),

bars as (
    select * from {{ ref('int_bars__unioned') }}
),

polygon as (
    select * from {{ ref('stg_polygon__tickers') }}
),

pystock as (
    select * from {{ ref('stg_pystock__symbols') }}
),

articles as (
    select * from {{ ref('int_articles__unioned') }}
    where rejection_reason is null
),

-- Many articles name the same few tickers: each list is read once.
ticker_lists as (
    select
        articles.tickers_json,
        articles.ticker_sentiments_json,
        min(articles.received_at) as received_at,
        max(loads.load_id) as _dlt_load_id,
        max(loads.finished_at) as _loaded_at
    from articles
    inner join loads on articles.provider = loads.source_name and articles._dlt_load_id = loads.load_id
    {%- if is_incremental() %}
    where {{ in_array('articles._dlt_load_id', 'select new_loads.load_id from loads as new_loads') }}
    {%- endif %}
    group by articles.tickers_json, articles.ticker_sentiments_json
),

named as (
    select
        {{ json_text('listed.element') }} as provider_ticker,
        ticker_lists.received_at,
        ticker_lists._dlt_load_id,
        ticker_lists._loaded_at
    from ticker_lists
    {{ unnest_json_array('ticker_lists.tickers_json', 'listed') }}
    union all
    select
        {{ json_text('scored.element', 'ticker') }} as provider_ticker,
        ticker_lists.received_at,
        ticker_lists._dlt_load_id,
        ticker_lists._loaded_at
    from ticker_lists
    {{ unnest_json_array('ticker_lists.ticker_sentiments_json', 'scored') }}
),

new_names as (
    select
        bars.ticker,
        bars.received_at,
        min(bars.trading_date) as trading_date,
        max(loads.load_id) as _dlt_load_id,
        max(loads.finished_at) as _loaded_at
    from bars
    inner join loads on bars.provider = loads.source_name and bars._dlt_load_id = loads.load_id
    {%- if is_incremental() %}
    where {{ in_array('bars._dlt_load_id', 'select new_loads.load_id from loads as new_loads') }}
    {%- endif %}
    group by bars.ticker, bars.received_at
    {%- for source_name in ['polygon', 'pystock'] %}
    union all
    select
        {{ normalised_ticker(source_name ~ '.ticker') }} as ticker,
        {{ source_name }}.received_at,
        cast(null as date) as trading_date,
        loads.load_id as _dlt_load_id,
        loads.finished_at as _loaded_at
    from {{ source_name }}
    inner join loads on loads.source_name = '{{ source_name }}' and {{ source_name }}._dlt_load_id = loads.load_id
    {%- if is_incremental() %}
    where {{ in_array(source_name ~ '._dlt_load_id', 'select new_loads.load_id from loads as new_loads') }}
    {%- endif %}
    {%- endfor %}
    union all
    select
        {{ normalised_ticker('provider_ticker') }} as ticker,
        received_at,
        cast(null as date) as trading_date,
        _dlt_load_id,
        _loaded_at
    from named
    where {{ is_stock_ticker('provider_ticker') }}
),

{% if is_incremental() -%}
built as (
    select * from {{ this }}
    where ticker in (select new_names.ticker from new_names)
),

{% endif -%}
names as (
    select * from new_names
    {%- if is_incremental() %}
    union all
    select
        ticker,
        known_from as received_at,
        first_trading_date as trading_date,
        _dlt_load_id,
        _loaded_at
    from built
    {%- endif %}
),

moments as (
    select
        ticker,
        received_at as known_from,
        min(trading_date) as first_trading_date,
        max(_dlt_load_id) as _dlt_load_id,
        max(_loaded_at) as _loaded_at
    from names
    group by ticker, received_at
),

compared as (
    select
        *,
        row_number() over (partition by ticker order by known_from) as moment_number,
        min(first_trading_date) over (
            partition by ticker order by known_from
            rows between unbounded preceding and 1 preceding
        ) as earlier_first_trading_date,
        max(_dlt_load_id) over (partition by ticker) as newest_load_id,
        max(_loaded_at) over (partition by ticker) as newest_loaded_at
    from moments
),

known as (
    select * from compared
    where
        moment_number = 1
        or (earlier_first_trading_date is null and first_trading_date is not null)
        or first_trading_date < earlier_first_trading_date
),

stamped as (
    {% if is_incremental() -%}
    select
        known.*,
        built._updated_at
    from known
    left join built
        on
            known.ticker = built.ticker
            and known.known_from = built.known_from
            and known.first_trading_date is not distinct from built.first_trading_date
    {%- else -%}
    select
        *,
        cast(null as {{ type_timestamp_tz() }}) as _updated_at
    from known
    {%- endif %}
)

select
    ticker,
    known_from,
    first_trading_date,
    newest_load_id as _dlt_load_id,
    newest_loaded_at as _loaded_at,
    coalesce(_updated_at, {{ dbt.current_timestamp() }}) as _updated_at
from stamped
