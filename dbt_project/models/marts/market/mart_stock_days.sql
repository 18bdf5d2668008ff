{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['security_key', 'trading_date'],
        indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}],
        pre_hook=[
            "{{ follow_changes('fct_daily_bars_adjusted') }}",
            "{{ follow_changes('int_news_days__counted') }}",
            "{{ forget_days_no_longer_there() }}",
        ],
    )
}}

-- `int_bars__touched` is written by fct_daily_bars_adjusted: {{ ref('fct_daily_bars_adjusted') }}

with sessions as (
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

{% if is_incremental() -%}
changed_news as (
    select
        security_key,
        trading_date
    from {{ ref('int_news_days__counted') }}
    where change_number > {{ last_followed('int_news_days__counted') }}
),

-- From where on a security's days are made anew: all that follow a bar, or the one day that has other news.
stretches as (
    select
        security_key,
        first_trading_date,
        cast('9999-12-31' as date) as last_trading_date
    from touched
    union
    select
        changed_news.security_key,
        changed_news.trading_date as first_trading_date,
        changed_news.trading_date as last_trading_date
    from changed_news
    left join touched on changed_news.security_key = touched.security_key
    where touched.security_key is null or changed_news.trading_date < touched.first_trading_date
),

-- The windows reach back over 19 sessions of the security.
reaching as (
    select
        stretches.*,
        coalesce(
            (
                select earlier.trading_date
                from {{ ref('fct_daily_bars') }} as earlier
                {{ looked_up(ref('dim_sessions'), 'on_date', is_same('on_date', 'earlier', ['trading_date'])) }}
                where
                    on_date.is_session
                    and earlier.security_key = stretches.security_key
                    and earlier.trading_date < stretches.first_trading_date
                order by earlier.trading_date desc
                limit 1 offset 18
            ),
            cast('0001-01-01' as date)
        ) as history_from
    from stretches
),

{% endif -%}
session_bars as (
    select
        bars.*,
        {%- if is_incremental() %}
        reaching.first_trading_date,
        {%- endif %}
        sessions.session_number,
        lag(bars.close_price) over security_days as previous_close_price,
        lag(sessions.session_number) over security_days as previous_session_number,
        avg(bars.volume) over last_20_days as mean_volume,
        count(*) over last_20_days as day_count
    from {{ ref('fct_daily_bars') }} as bars
    {%- if is_incremental() %}
inner join reaching
    on
        bars.security_key = reaching.security_key
        and bars.trading_date between reaching.history_from and reaching.last_trading_date
    {%- endif %}
    -- The few bars dated on days without a session stay out: they would stand between two sessions.
    inner join sessions on bars.trading_date = sessions.trading_date
    {%- set series = 'bars.security_key' ~ (', reaching.first_trading_date' if is_incremental() else '') %}
    window
        security_days as (partition by {{ series }} order by bars.trading_date),
        last_20_days as (
            partition by {{ series }} order by bars.trading_date
            rows between 19 preceding and current row
        )
)

select
    session_bars.security_key,
    session_bars.ticker,
    session_bars.trading_date,
    session_bars.open_price,
    session_bars.high_price,
    session_bars.low_price,
    session_bars.close_price,
    session_bars.volume,
    -- Across a missing session it would be the return of more than one day.
    case
        when session_bars.session_number - session_bars.previous_session_number = 1
            then session_bars.close_price / nullif(session_bars.previous_close_price, 0) - 1
    end as one_day_return,
    case when session_bars.day_count = 20 then session_bars.mean_volume end as average_volume_20_sessions,
    coalesce(news.article_count, 0) as article_count,
    news.mean_sentiment_score,
    coalesce(news.known_article_count, 0) as known_article_count,
    news.known_mean_sentiment_score,
    session_bars.provider,
    session_bars.is_suspect,
    session_bars.known_from as bar_known_from
from session_bars
{% if is_incremental() -%}
{{
    last_looked_up(
        ref('int_news_days__counted'), 'news',
        is_same('news', 'session_bars', ['security_key', 'trading_date']), 'trading_date'
    )
}}
where session_bars.trading_date >= session_bars.first_trading_date
{%- else -%}
left join {{ ref('int_news_days__counted') }} as news
    on session_bars.security_key = news.security_key and session_bars.trading_date = news.trading_date
{%- endif %}
