-- Which stories were copied most, how fast did we learn of them, and which tickers do they mention?
select
    articles.published_at,
    articles.title,
    articles.outlet,
    articles.copy_count,
    articles.provider_count,
    articles.known_from - articles.published_at as learned_after,
    string_agg(bridge.ticker, ', ' order by bridge.ticker) as tickers
from {{ ref('fct_articles') }} as articles
left join {{ ref('bridge_article_securities') }} as bridge on articles.article_key = bridge.article_key
group by
    articles.article_key,
    articles.published_at,
    articles.title,
    articles.outlet,
    articles.copy_count,
    articles.provider_count,
    articles.known_from
order by articles.copy_count desc, articles.published_at desc
limit 20
