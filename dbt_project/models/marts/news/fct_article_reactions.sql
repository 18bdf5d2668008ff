{{ config(indexes=[{'columns': ['effective_session_date']}, {'columns': ['security_key', 'effective_session_date']}]) }}

with mentions as (
    select * from {{ ref('bridge_article_securities') }}
),

session_returns as (
    select
        measured.*,
        {%- for count in [0, 1, 5, 20] %}
        measured.return_{{ count }} - market.return_{{ count }} as abnormal_return_{{ count }},
        {%- endfor %}
        market.security_count as market_security_count
    from {{ ref('int_session_returns__measured') }} as measured
    inner join {{ ref('int_session_returns__averaged') }} as market on measured.trading_date = market.trading_date
)

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
    known.abnormal_return_0 as abnormal_return_0_sessions,
    known.abnormal_return_1 as abnormal_return_1_sessions,
    known.abnormal_return_5 as abnormal_return_5_sessions,
    known.abnormal_return_20 as abnormal_return_20_sessions,
    known.last_session_offset,
    known.market_security_count,
    mentions.published_effective_session_date,
    published.abnormal_return_0 as published_abnormal_return_0_sessions,
    published.abnormal_return_1 as published_abnormal_return_1_sessions,
    published.abnormal_return_5 as published_abnormal_return_5_sessions,
    published.abnormal_return_20 as published_abnormal_return_20_sessions
from mentions
left join session_returns as known
    on mentions.security_key = known.security_key and mentions.effective_session_date = known.trading_date
left join session_returns as published
    on
        mentions.security_key = published.security_key
        and mentions.published_effective_session_date = published.trading_date
