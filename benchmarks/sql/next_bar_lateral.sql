-- The same by hand: of each mention's security, the first bar from that session on, and only if it is of that session.
select count(*) as mentions, sum(bars.close_price) as closes
from marts.bridge_article_securities as bridge
cross join lateral (
    select daily_bars.trading_date, daily_bars.close_price
    from marts.fct_daily_bars as daily_bars
    where
        daily_bars.security_key = bridge.security_key
        and daily_bars.trading_date >= bridge.published_effective_session_date
    order by daily_bars.trading_date
    limit 1
) as bars
where bars.trading_date = bridge.published_effective_session_date
