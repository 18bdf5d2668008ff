-- Without CTEs, so that PostgreSQL can use the indexes of the tables where the view is joined.

select
    bars.security_key,
    bars.ticker,
    bars.trading_date,
    bars.open_price,
    bars.high_price,
    bars.low_price,
    bars.close_price,
    bars.volume,
    bars.one_day_return,
    bars.average_volume_20_sessions,
    coalesce(news.article_count, 0) as article_count,
    news.mean_sentiment_score,
    coalesce(news.known_article_count, 0) as known_article_count,
    news.known_mean_sentiment_score,
    bars.provider,
    bars.is_suspect,
    bars.known_from as bar_known_from,
    bars._updated_at
from {{ ref('int_bars__sequenced').render() }} as bars
left join {{ ref('int_news_days__measured').render() }} as news
    on bars.security_key = news.security_key and bars.trading_date = news.trading_date and not news.is_deleted
where not bars.is_deleted and bars.session_number is not null
