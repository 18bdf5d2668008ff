-- Which stocks moved most on the latest session, and what was published about them?
with latest_session as (
    select max(trading_date) as trading_date
    from {{ ref('fct_daily_indicators') }}
    where simple_return_1 is not null
),

moves as (
    select
        days.security_key,
        days.ticker,
        days.trading_date,
        days.close_price,
        indicators.simple_return_1 as one_day_return,
        days.article_count
    from {{ ref('mart_stock_days') }} as days
    inner join latest_session on days.trading_date = latest_session.trading_date
    inner join {{ ref('fct_daily_indicators') }} as indicators
        on days.security_key = indicators.security_key and days.trading_date = indicators.trading_date
    where indicators.simple_return_1 is not null
    order by abs(indicators.simple_return_1) desc
    limit 20
)

select
    moves.ticker,
    securities.security_name,
    moves.close_price,
    round(cast(100 * moves.one_day_return as numeric), 2) as return_percent,
    moves.article_count,
    articles.title as a_headline
from moves
inner join {{ ref('dim_securities') }} as securities on moves.security_key = securities.security_key
left join lateral (
    select fct_articles.title
    from {{ ref('bridge_article_securities') }} as bridge
    inner join {{ ref('fct_articles') }} as fct_articles on bridge.article_key = fct_articles.article_key
    where bridge.security_key = moves.security_key and bridge.published_effective_session_date = moves.trading_date
    order by fct_articles.copy_count desc, fct_articles.published_at asc
    limit 1
) as articles on true
order by abs(moves.one_day_return) desc
