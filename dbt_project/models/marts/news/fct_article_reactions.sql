{{ config(materialized='view', meta={'rows_of': 'bridge_article_securities'}) }}

-- Returns of the last sessions change every day, and the mean of the market with any bar: what stands in narrow tables
-- is put together when it is asked for, and only as far as it is. There are no steps before it: PostgreSQL keeps a
-- query with steps whole, where it is joined to others, and would put all reactions together for those of one security.

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
    known.return_0 - market.return_0 as abnormal_return_0_sessions,
    known.return_1 - market.return_1 as abnormal_return_1_sessions,
    known.return_5 - market.return_5 as abnormal_return_5_sessions,
    known.return_20 - market.return_20 as abnormal_return_20_sessions,
    known.last_session_offset,
    market.security_count as market_security_count,
    mentions.published_effective_session_date,
    published.return_0 - published_market.return_0 as published_abnormal_return_0_sessions,
    published.return_1 - published_market.return_1 as published_abnormal_return_1_sessions,
    published.return_5 - published_market.return_5 as published_abnormal_return_5_sessions,
    published.return_20 - published_market.return_20 as published_abnormal_return_20_sessions
from {{ ref('bridge_article_securities') }} as mentions
left join {{ ref('int_session_returns__measured') }} as known
    on mentions.security_key = known.security_key and mentions.effective_session_date = known.trading_date
left join {{ ref('int_session_returns__averaged') }} as market
    on known.trading_date = market.trading_date
left join {{ ref('int_session_returns__measured') }} as published
    on
        mentions.security_key = published.security_key
        and mentions.published_effective_session_date = published.trading_date
left join {{ ref('int_session_returns__averaged') }} as published_market
    on published.trading_date = published_market.trading_date
