-- Without CTEs: PostgreSQL can then use the indexes of the tables where the view is joined to others. `render()` keeps
-- `dbt run --empty` from giving the tables aliases of its own.

select
    mentions.article_key,
    mentions.security_key,
    mentions.ticker,
    mentions.sentiment_score,
    mentions.relevance_score,
    mentions.learned_at,
    mentions.effective_session_date,
    known.return_0 as return_0_sessions,
    known.return_1 as return_1_sessions,
    known.return_5 as return_5_sessions,
    known.return_20 as return_20_sessions,
    known.return_0 - market.market_return as abnormal_return_0_sessions,
    known.return_1 - market.return_1 as abnormal_return_1_sessions,
    known.return_5 - market.return_5 as abnormal_return_5_sessions,
    known.return_20 - market.return_20 as abnormal_return_20_sessions,
    known.last_session_offset,
    market.security_count as market_security_count,
    mentions.published_effective_session_date,
    published.return_0 - published_market.market_return as published_abnormal_return_0_sessions,
    published.return_1 - published_market.return_1 as published_abnormal_return_1_sessions,
    published.return_5 - published_market.return_5 as published_abnormal_return_5_sessions,
    published.return_20 - published_market.return_20 as published_abnormal_return_20_sessions,
    greatest(
        mentions._updated_at, known._updated_at, market._updated_at, published._updated_at, published_market._updated_at
    ) as _updated_at
from {{ ref('int_article_securities__matched').render() }} as mentions
left join {{ ref('int_news_days__measured').render() }} as known
    on
        mentions.security_key = known.security_key
        and mentions.effective_session_date = known.trading_date
        and not known.is_deleted
-- A day on which the security has no usable bar has no session number here.
left join {{ ref('int_market_returns__averaged').render() }} as market
    on known.trading_date = market.trading_date and known.session_number is not null and not market.is_deleted
left join {{ ref('int_news_days__measured').render() }} as published
    on
        mentions.security_key = published.security_key
        and mentions.published_effective_session_date = published.trading_date
        and not published.is_deleted
left join {{ ref('int_market_returns__averaged').render() }} as published_market
    on
        published.trading_date = published_market.trading_date
        and published.session_number is not null
        and not published_market.is_deleted
where not mentions.is_deleted
