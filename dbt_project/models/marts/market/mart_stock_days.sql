{{
    config(indexes=[{'columns': ['ticker', 'trading_date']}, {'columns': ['trading_date']}])
}}

with bars as (
    select * from {{ ref('fct_daily_bars') }}
),

sessions as (
    select * from {{ ref('dim_sessions') }}
),

articles as (
    select * from {{ ref('fct_articles') }}
),

mentions as (
    select * from {{ ref('bridge_article_securities') }}
),

session_bars as (
    select
        bars.*,
        sessions.session_number,
        lag(bars.close_price) over security_days as previous_close_price,
        lag(sessions.session_number) over security_days as previous_session_number,
        avg(bars.volume) over last_20_days as mean_volume,
        count(*) over last_20_days as day_count
    from bars
    inner join sessions on bars.trading_date = sessions.trading_date
    -- The few bars dated on days without a session stay out: they would stand between two sessions.
    where sessions.is_session
    window
        security_days as (partition by bars.security_key order by bars.trading_date),
        last_20_days as (
            partition by bars.security_key order by bars.trading_date
            rows between 19 preceding and current row
        )
),

scored as (
    select
        mentions.*,
        coalesce(mentions.sentiment_score, articles.sentiment_score) as score
    from mentions
    inner join articles on mentions.article_key = articles.article_key
),

published_days as (
    select
        security_key,
        published_effective_session_date as trading_date,
        count(*) as article_count,
        {{ exact_average('score') }} as mean_sentiment_score
    from scored
    where published_effective_session_date is not null
    group by security_key, published_effective_session_date
),

known_days as (
    select
        security_key,
        effective_session_date as trading_date,
        count(*) as article_count,
        {{ exact_average('score') }} as mean_sentiment_score
    from scored
    where effective_session_date is not null
    group by security_key, effective_session_date
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
    cast(coalesce(published_days.article_count, 0) as {{ dbt.type_int() }}) as article_count,
    published_days.mean_sentiment_score,
    cast(coalesce(known_days.article_count, 0) as {{ dbt.type_int() }}) as known_article_count,
    known_days.mean_sentiment_score as known_mean_sentiment_score,
    session_bars.provider,
    session_bars.is_suspect,
    session_bars.known_from as bar_known_from
from session_bars
left join published_days
    on
        session_bars.security_key = published_days.security_key
        and session_bars.trading_date = published_days.trading_date
left join known_days
    on session_bars.security_key = known_days.security_key and session_bars.trading_date = known_days.trading_date
