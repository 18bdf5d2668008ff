-- year: The most volatile securities.
select ticker, stddev_samp(log_return_1) * sqrt(252) as volatility, count(*) as bars
from marts.fct_daily_indicators
where trading_date between %(year_before)s and %(session)s
group by ticker
having count(*) >= 20
order by volatility desc nulls last
limit 50
