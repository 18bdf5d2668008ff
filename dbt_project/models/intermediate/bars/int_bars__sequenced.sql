{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[
            {'columns': ['security_key', 'trading_date'], 'unique': true},
            {'columns': ['security_key', 'bar_number']},
            {'columns': ['ticker', 'trading_date']},
            {'columns': ['trading_date']},
            {'columns': ['session_number']},
            {'columns': ['session_before_gap']},
            {'columns': ['_updated_at']},
            {'columns': ['_return_updated_at']},
        ],
    )
}}

{%- set only_updates = reads_only_updates([
    ref('int_bars__chosen'), ref('int_actions__factored'), ref('int_sessions__numbered')
]) %}
{%- set is_earlier_bar = 'earlier.security_key = changed.security_key and earlier.trading_date < changed.first_date'
    ~ ' and not earlier.is_deleted and earlier.' %}

with sessions as (
    select * from {{ ref('int_sessions__numbered') }}
    where is_session and not is_deleted
),

factors as (
    select * from {{ ref('int_actions__factored') }}
    where not is_deleted
),

{% if only_updates -%}
corrected_sessions as (
    select min(trading_date) as first_date from {{ ref('int_sessions__numbered') }}
    where {{ is_updated() }}
),

-- A bar changes the numbers of all bars after it, a factor all bars of its security, a session all bars from its date.
updates as (
    select
        security_key,
        trading_date as first_date
    from {{ ref('int_bars__chosen') }}
    where {{ is_updated() }}
    union all
    select
        security_key,
        cast('0001-01-01' as date) as first_date
    from {{ ref('int_actions__factored') }}
    where {{ is_updated() }}
    union all
    select
        security_key,
        trading_date as first_date
    from {{ ref('int_bars__chosen') }}
    where trading_date >= (select corrected_sessions.first_date from corrected_sessions)
),

changed as (
    select
        security_key,
        min(first_date) as first_date
    from updates
    group by security_key
),

-- Numbers continue from the last usable bar before the first change.
starts as (
    select
        changed.security_key,
        changed.first_date,
        earlier.bar_number,
        earlier.session_number,
        earlier.close_price * earlier.split_factor as adjusted_close_price
    from changed
    {{ lateral_join(
        this, 'earlier', is_earlier_bar ~ 'bar_number is not null', kind='left', order_by='trading_date desc', limit=1
    ) }}
),

built as (
    select built.*
    from starts
    {{ lateral_join(
        this, 'built', 'built.security_key = starts.security_key and built.trading_date >= starts.first_date'
    ) }}
),

bars as (
    select bars.*
    from starts
    {{ lateral_join(
        ref('int_bars__chosen'), 'bars',
        'bars.security_key = starts.security_key and bars.trading_date >= starts.first_date'
    ) }}
    where not bars.is_deleted
),

{% else -%}
bars as (
    select * from {{ ref('int_bars__chosen') }}
    where not is_deleted
),

starts as (
    select
        security_key,
        0 as bar_number,
        cast(null as {{ dbt.type_int() }}) as session_number,
        cast(null as {{ type_double() }}) as adjusted_close_price
    from bars
    group by security_key
),

{% endif -%}

adjusted as (
    select
        bars.security_key,
        bars.ticker,
        bars.trading_date,
        bars.provider,
        bars.open_price,
        bars.high_price,
        bars.low_price,
        bars.close_price,
        bars.volume,
        bars.is_suspect,
        bars.known_from,
        coalesce(factors.split_factor, 1) as split_factor,
        coalesce(factors.dividend_factor, 1) as dividend_factor,
        greatest(bars.known_from, factors.known_from) as adjusted_known_from,
        sessions.session_number,
        bars.close_price * coalesce(factors.split_factor, 1) as adjusted_close_price,
        true as is_new
    from bars
    left join factors
        on
            bars.security_key = factors.security_key
            and bars.trading_date < factors.until_date
            and (factors.from_date is null or bars.trading_date >= factors.from_date)
    left join sessions on bars.trading_date = sessions.trading_date
),

classified as (
    select
        *,
        -- One wrong price would stay in every average after it. A price that no share has ever had comes from wrong
        -- actions, and its square can overflow. Bars off sessions would be between two sessions.
        coalesce(
            session_number is not null
            and {{
                bar_quality_issue('open_price', 'high_price', 'low_price', 'close_price', 'volume') | indent(12)
            }} is null
            and adjusted_close_price > 1e-12
            and adjusted_close_price < 1e12,
            false
        ) as is_usable
    from adjusted
),

numbered as (
    select
        classified.*,
        coalesce(starts.bar_number, 0) + row_number() over usable_bars as next_bar_number,
        coalesce(lag(classified.session_number) over usable_bars, starts.session_number) as earlier_session_number,
        coalesce(lag(classified.adjusted_close_price) over usable_bars, starts.adjusted_close_price)
            as earlier_adjusted_close_price
    from classified
    inner join starts on classified.security_key = starts.security_key
    window
        usable_bars as (
            partition by classified.security_key, classified.is_usable order by classified.trading_date
        )
),

-- The mean volume of a session covers the 19 sessions of the security before it.
session_bars as (
    select
        security_key,
        trading_date,
        session_number,
        close_price,
        volume,
        is_new
    from adjusted
    where session_number is not null
    {%- if only_updates %}
    union all
    select
        earlier.security_key,
        earlier.trading_date,
        earlier.session_number,
        earlier.close_price,
        earlier.volume,
        false as is_new
    from changed
    {{ lateral_join(
        this, 'earlier', is_earlier_bar ~ 'session_number is not null', order_by='trading_date desc', limit=19
    ) }}
    {%- endif %}
),

measured as (
    select
        security_key,
        trading_date,
        is_new,
        -- Across a missing session it would be the return of more than one day, and a price below zero has no return.
        case
            when
                session_number - lag(session_number) over security_sessions = 1
                and close_price >= 0
                and lag(close_price) over security_sessions > 0
                then close_price / lag(close_price) over security_sessions - 1
        end as one_day_return,
        case when count(*) over last_20_sessions = 20 then avg(volume) over last_20_sessions end
            as average_volume_20_sessions
    from session_bars
    window
        security_sessions as (partition by security_key order by trading_date),
        last_20_sessions as (
            partition by security_key order by trading_date
            rows between 19 preceding and current row
        )
),

returned as (
    select
        numbered.*,
        measured.one_day_return,
        measured.average_volume_20_sessions,
        case when numbered.is_usable then cast(numbered.next_bar_number as {{ dbt.type_int() }}) end as bar_number,
        case when numbered.is_usable then numbered.earlier_session_number end as previous_session_number,
        case when numbered.is_usable then numbered.earlier_adjusted_close_price end as previous_adjusted_close_price,
        case
            when numbered.is_usable and numbered.session_number - numbered.earlier_session_number > 1
                then numbered.earlier_session_number
        end as session_before_gap,
        -- One wrong price among thousands would move the mean of the market. Decimals keep the mean as it is where a
        -- split changes only the last digit of both prices.
        case
            when numbered.is_usable and numbered.session_number - numbered.earlier_session_number = 1
                then cast(
                        greatest(
                            least(
                                numbered.adjusted_close_price / numbered.earlier_adjusted_close_price - 1,
                                {{ var('market_return_limit') }}
                            ),
                            -0.999999
                        ) as decimal(20, 12)
                    )
        end as limited_return
    from numbered
    left join measured
        on numbered.security_key = measured.security_key and numbered.trading_date = measured.trading_date
),

{% if only_updates -%}
-- A split changes all prices of a security and no return: what follows returns need not read it again.
stamped as (
    select
        returned.*,
        case
            when
                not built.is_deleted
                and not (built.session_number is distinct from returned.session_number)
                and not (built.bar_number is distinct from returned.bar_number)
                and not (built.previous_session_number is distinct from returned.previous_session_number)
                and not (
                    cast(
                        built.close_price * built.split_factor / built.previous_adjusted_close_price as decimal(38, 12)
                    ) is distinct from cast(
                        returned.adjusted_close_price / returned.previous_adjusted_close_price as decimal(38, 12)
                    )
                )
                then built._return_updated_at
            else {{ dbt.current_timestamp() }}
        end as _return_updated_at
    from returned
    left join built
        on returned.security_key = built.security_key and returned.trading_date = built.trading_date
),

{% else -%}
stamped as (
    select
        *,
        {{ dbt.current_timestamp() }} as _return_updated_at
    from returned
),

{% endif -%}
sequenced as (
    select
        security_key,
        ticker,
        trading_date,
        provider,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        is_suspect,
        known_from,
        split_factor,
        dividend_factor,
        adjusted_known_from,
        session_number,
        one_day_return,
        average_volume_20_sessions,
        bar_number,
        previous_session_number,
        previous_adjusted_close_price,
        session_before_gap,
        limited_return,
        _return_updated_at
    from stamped
)

{{ changed_rows('sequenced', key=['security_key', 'trading_date'], built='built' if only_updates else none) }}
