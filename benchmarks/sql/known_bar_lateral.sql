-- The same by hand: of the versions that were known then, the one of the best provider.
select count(*) as mentions, sum(bars.close_price) as closes
from marts.bridge_article_securities as bridge
cross join lateral (
    select versions.close_price
    from marts.fct_daily_bar_versions as versions
    where
        versions.ticker = bridge.ticker
        and versions.trading_date = bridge.published_effective_session_date
        and versions.security_key = bridge.security_key
        and versions.known_from <= bridge.learned_at
        and (versions.known_to is null or versions.known_to > bridge.learned_at)
        and (versions.superseded_at is null or versions.superseded_at > bridge.learned_at)
    order by versions.is_suspect, versions.provider_priority, versions.provider
    limit 1
) as bars
