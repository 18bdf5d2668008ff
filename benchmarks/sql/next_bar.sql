-- Each mention beside the bar of the first session that closed after its story was published, as marketloom holds it.
select count(*) as mentions, sum(bars.close_price) as closes
from marts.bridge_article_securities as bridge
inner join marts.fct_daily_bars as bars
    on bridge.security_key = bars.security_key and bridge.published_effective_session_date = bars.trading_date
