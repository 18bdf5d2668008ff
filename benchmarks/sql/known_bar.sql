-- Each mention beside its bar as it was known when the story was learned, by marketloom's function of a moment. The
-- limit keeps the conditions within the LATERAL part, where they reach the index.
select count(*) as mentions, sum(bars.close_price) as closes
from marts.bridge_article_securities as bridge
cross join lateral (
    select known.close_price
    from marts.daily_bars_as_of(bridge.learned_at) as known
    where
        known.security_key = bridge.security_key
        and known.ticker = bridge.ticker
        and known.trading_date = bridge.published_effective_session_date
    limit 1
) as bars
