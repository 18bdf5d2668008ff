{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[
            {'columns': ['security_key', 'trading_date'], 'unique': true},
            {'columns': ['security_key', 'bar_number']},
            {'columns': ['session_number']},
            {'columns': ['session_before_gap']},
            {'columns': ['change_number']},
        ],
        pre_hook=["{{ number_changes() }}", "{{ follow_changes('fct_daily_bars_adjusted') }}"],
    )
}}

-- Numbers go on from the bar before the first that may have changed. Written is what did change, in number, in price or
-- by being gone: bars that come again as they were cost no more than the look at them.

with adjusted as (
    -- The prices that indicators and returns are made of: this is the one place that names them.
    select * from {{ ref('fct_daily_bars_adjusted') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
),

-- What only an incremental build reads is an unused step of a full one, which sqlfluff would mind.
touched as (  -- noqa: ST03
    select
        security_key,
        min(first_trading_date) as first_trading_date
    from {{ ref('int_bars__touched') }}
    where change_number > {{ last_followed('fct_daily_bars_adjusted') }}
    group by security_key
),

-- One price that cannot be right would stay in every average after it.
usable as (
    select
        adjusted.security_key,
        adjusted.ticker,
        adjusted.trading_date,
        sessions.session_number,
        adjusted.open_price,
        adjusted.high_price,
        adjusted.low_price,
        adjusted.close_price,
        adjusted.volume,
        adjusted.known_from,
        cast(null as {{ dbt.type_int() }}) as bar_number_before
    from adjusted
    inner join sessions on adjusted.trading_date = sessions.trading_date
    {%- if is_incremental() %}
    inner join touched
        on adjusted.security_key = touched.security_key and adjusted.trading_date >= touched.first_trading_date
    {%- endif %}
    where
        {{
            suspicion_of_bar(
                'adjusted.open_price',
                'adjusted.high_price',
                'adjusted.low_price',
                'adjusted.close_price',
                'adjusted.volume'
            )
        }} is null
        -- What no share has ever cost says that its actions are wrong; squares of such prices overflow.
        and adjusted.close_price > 1e-12
        and adjusted.close_price < 1e12
    {%- if is_incremental() %}
    union all
    -- The bar to go on from.
    select
        known.security_key,
        known.ticker,
        known.trading_date,
        known.session_number,
        known.open_price,
        known.high_price,
        known.low_price,
        known.close_price,
        known.volume,
        known.known_from,
        known.bar_number as bar_number_before
    from touched
    inner join {{ this }} as known
        on
            touched.security_key = known.security_key
            and known.trading_date = (
                select max(earlier.trading_date) from {{ this }} as earlier
                where
                    earlier.security_key = touched.security_key
                    and earlier.trading_date < touched.first_trading_date
                    and earlier.bar_number is not null
            )
    {%- endif %}
),

numbered as (
    select
        *,
        cast(
            row_number() over bars_in_order
            {%- if is_incremental() %}
            + coalesce(max(bar_number_before) over (partition by security_key), 1) - 1
            {%- endif %} as {{ dbt.type_int() }}
        ) as bar_number,
        lag(session_number) over bars_in_order as previous_session_number,
        lag(close_price) over bars_in_order as previous_close_price
    from usable
    window bars_in_order as (partition by security_key order by trading_date)
),

stepped as (
    select
        security_key,
        ticker,
        trading_date,
        session_number,
        bar_number,
        previous_session_number,
        case when session_number - previous_session_number > 1 then previous_session_number end as session_before_gap,
        open_price,
        high_price,
        low_price,
        close_price,
        previous_close_price,
        volume,
        -- A return over a missing session is none of this one; one wrong print among thousands would move the mean.
        -- Decimals, so that the mean stays what it was where a split has only moved the last digit of both prices.
        case
            when session_number - previous_session_number = 1
                then cast(
                        least(close_price / previous_close_price - 1, {{ var('market_return_limit') }})
                        as decimal(20, 12)
                    )
        end as limited_return,
        known_from
    from numbered
    where bar_number_before is null
)

{% if not is_incremental() -%}
select
    *,
    {{ this_change() }} as change_number,
    {{ this_change() }} as return_change_number
from stepped
{%- else -%}
, compared as (
    select
        stepped.*,
        coalesce(
            known.bar_number = stepped.bar_number
            and not (known.previous_session_number is distinct from stepped.previous_session_number)
            -- The step over a gap counts too, beyond any limit; decimals again.
            and not (
                cast(known.close_price / known.previous_close_price as decimal(38, 12))
                is distinct from cast(stepped.close_price / stepped.previous_close_price as decimal(38, 12))
            ),
            false
        ) as is_return_same,
        coalesce(
            known.bar_number = stepped.bar_number
            and not (known.previous_session_number is distinct from stepped.previous_session_number)
            and known.ticker = stepped.ticker
            and known.open_price = stepped.open_price
            and known.high_price = stepped.high_price
            and known.low_price = stepped.low_price
            and known.close_price = stepped.close_price
            and not (known.previous_close_price is distinct from stepped.previous_close_price)
            and known.volume = stepped.volume
            and known.known_from = stepped.known_from,
            false
        ) as is_same,
        known.return_change_number as known_return_change_number
    from stepped
    left join {{ this }} as known
        on
            stepped.security_key = known.security_key
            and stepped.trading_date = known.trading_date
            and known.bar_number is not null
),

gone as (
    select known.*
    from {{ this }} as known
    inner join touched
        on known.security_key = touched.security_key and known.trading_date >= touched.first_trading_date
    left join stepped on known.security_key = stepped.security_key and known.trading_date = stepped.trading_date
    where known.bar_number is not null and stepped.security_key is null
)

select
    security_key,
    ticker,
    trading_date,
    session_number,
    bar_number,
    previous_session_number,
    session_before_gap,
    open_price,
    high_price,
    low_price,
    close_price,
    previous_close_price,
    volume,
    limited_return,
    known_from,
    {{ this_change() }} as change_number,
    case when is_return_same then known_return_change_number else {{ this_change() }} end as return_change_number
from compared
where not is_same
union all
select
    security_key,
    ticker,
    trading_date,
    session_number,
    null as bar_number,
    null as previous_session_number,
    null as session_before_gap,
    null as open_price,
    null as high_price,
    null as low_price,
    null as close_price,
    null as previous_close_price,
    null as volume,
    null as limited_return,
    null as known_from,
    {{ this_change() }} as change_number,
    {{ this_change() }} as return_change_number
from gone
{%- endif %}
