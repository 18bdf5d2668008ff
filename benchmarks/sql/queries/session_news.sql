-- one: A session's stories beside the bars of the companies that they name.
select articles.title, bridge.ticker, bars.close_price, bars.volume
from marts.bridge_article_securities as bridge
inner join marts.fct_articles as articles on bridge.article_key = articles.article_key
inner join marts.fct_daily_bars as bars
    on bridge.security_key = bars.security_key and bridge.published_effective_session_date = bars.trading_date
where bridge.published_effective_session_date = %(session)s
order by articles.published_at
