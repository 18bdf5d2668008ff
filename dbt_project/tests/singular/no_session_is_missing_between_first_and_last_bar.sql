{{
    config(
        severity='warn',
        description="""
Between the first and the last bar that a provider has delivered for a security, every session has a bar, unless the security
did not trade. It did not trade if the provider's delivery of that session is complete (95 % of the securities that it had
before and after) and has no bar of it, if its bars on both sides came in one response, if another provider's complete
delivery has none either, or if the seed session_gap_exceptions says why the bars are missing. A session that was never
collected is a warning: the models are right without it. With `test_scope: recent`, the test starts a month before the earliest new bar.""")
}}

{#- A gap can only appear with the first version of a bar. The test of all rows finds gaps of more than a month. -#}
{%- set first_date = dbt.dateadd('day', -31, 'min(added.trading_date)') %}
{%- set is_in_scope %}
    trading_date >= (
        select {{ first_date }} from (select * from {{ ref('int_bars__versioned') }}) as added
        where added.version_number = 1 and {{ is_in_test_scope('added._updated_at') }}
    )
{%- endset %}
{%- set is_in_scope = is_in_scope if var('test_scope', 'all') == 'recent' else 'true' %}

with sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
),

bars as (
    select
        provider,
        ticker,
        trading_date,
        {{ last_of('delivery_response_ids') }} as response_id
    from {{ ref('int_bars__versioned') }}
    where known_to is null and {{ is_in_scope }}
),

exceptions as (
    select * from {{ ref('session_gap_exceptions') }}
),

numbered as (
    select
        bars.provider,
        bars.ticker,
        bars.response_id,
        sessions.session_number,
        lag(sessions.session_number) over series as previous_session_number,
        lag(bars.response_id) over series as previous_response_id
    from bars
    inner join sessions on bars.trading_date = sessions.trading_date
    window series as (partition by bars.provider, bars.ticker order by bars.trading_date)
),

gaps as (
    select * from numbered
    where
        session_number - previous_session_number > 1
        and response_id != previous_response_id
),

spans as (
    select
        provider,
        ticker,
        min(session_number) as first_number,
        max(session_number) as last_number
    from numbered
    group by provider, ticker
),

provider_spans as (
    select
        provider,
        min(first_number) as first_number,
        max(last_number) as last_number
    from spans
    group by provider
),

provider_sessions as (
    select
        provider_spans.provider,
        sessions.session_number,
        sessions.trading_date
    from provider_spans
    inner join sessions on sessions.session_number between provider_spans.first_number and provider_spans.last_number
),

-- A security is trading from its first to its last bar: count it in at the one and out after the other.
entries as (
    select
        provider,
        first_number as session_number,
        count(*) as security_count
    from spans
    group by provider, first_number
    union all
    select
        provider,
        last_number + 1 as session_number,
        -count(*) as security_count
    from spans
    group by provider, last_number
),

changes as (
    select
        provider,
        session_number,
        sum(security_count) as security_count
    from entries
    group by provider, session_number
),

deliveries as (
    select
        provider,
        session_number,
        count(*) as bar_count
    from numbered
    group by provider, session_number
),

coverage as (
    select
        provider_sessions.provider,
        provider_sessions.session_number,
        provider_sessions.trading_date,
        coalesce(deliveries.bar_count, 0) as bar_count,
        sum(coalesce(changes.security_count, 0)) over (
            partition by provider_sessions.provider order by provider_sessions.session_number
        ) as trading_count
    from provider_sessions
    left join deliveries
        on
            provider_sessions.provider = deliveries.provider
            and provider_sessions.session_number = deliveries.session_number
    left join changes
        on
            provider_sessions.provider = changes.provider
            and provider_sessions.session_number = changes.session_number
),

measured as (
    select
        *,
        bar_count >= 0.95 * trading_count as is_complete
    from coverage
),

missing as (
    select
        gaps.provider,
        gaps.ticker,
        measured.session_number,
        measured.trading_date,
        measured.bar_count,
        measured.trading_count
    from gaps
    inner join measured
        on
            gaps.provider = measured.provider
            and gaps.previous_session_number < measured.session_number
            and gaps.session_number > measured.session_number
    where
        not measured.is_complete
        and not exists (
            select 1 from exceptions
            where
                exceptions.provider = measured.provider
                and coalesce(exceptions.ticker, gaps.ticker) = gaps.ticker
                and measured.trading_date between exceptions.first_date and exceptions.last_date
        )
),

elsewhere as (
    -- What another provider knows of the same security and session: that it traded, or that it did not.
    select
        missing.ticker,
        missing.session_number
    from missing
    inner join spans
        on
            missing.ticker = spans.ticker
            and missing.provider != spans.provider
            and missing.session_number between spans.first_number and spans.last_number
    inner join measured
        on
            spans.provider = measured.provider
            and missing.session_number = measured.session_number
            and measured.is_complete
    union
    select
        missing.ticker,
        missing.session_number
    from missing
    inner join numbered on missing.ticker = numbered.ticker and missing.session_number = numbered.session_number
)

select missing.*
from missing
left join elsewhere on missing.ticker = elsewhere.ticker and missing.session_number = elsewhere.session_number
where elsewhere.ticker is null
