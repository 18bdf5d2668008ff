-- Which securities are most volatile? Annualised volatility of the last 20 returns.
with ranked as (
    select
        security_key,
        ticker,
        trading_date,
        one_day_return,
        row_number() over (partition by security_key order by trading_date desc) as days_back
    from {{ ref('mart_stock_days') }}
    where one_day_return is not null and not is_suspect
)

select
    ranked.ticker,
    securities.security_name,
    max(ranked.trading_date) as last_trading_date,
    round(cast(100 * stddev_samp(ranked.one_day_return) * sqrt(252) as numeric), 1) as volatility_percent
from ranked
inner join {{ ref('dim_securities') }} as securities on ranked.security_key = securities.security_key
where ranked.days_back <= 20
group by ranked.ticker, securities.security_name
having count(*) = 20
order by volatility_percent desc
limit 50
