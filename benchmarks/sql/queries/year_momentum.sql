-- year: Who rose most from the first to the last close, in today's terms and with dividends.
with ends as (
    select ticker, min(trading_date) as first_date, max(trading_date) as last_date
    from marts.fct_daily_bars_adjusted
    where trading_date between %(year_before)s and %(session)s
    group by ticker
)

select ends.ticker, last.total_return_close_price / first.total_return_close_price - 1 as year_return
from ends
inner join marts.fct_daily_bars_adjusted as first on ends.ticker = first.ticker and ends.first_date = first.trading_date
inner join marts.fct_daily_bars_adjusted as last on ends.ticker = last.ticker and ends.last_date = last.trading_date
where first.total_return_close_price > 0
order by year_return desc
limit 50
