-- one: A session's market as it was known at a moment.
select ticker, close_price, volume, known_from
from marts.daily_bars_as_of(%(moment)s)
where trading_date = %(session)s
order by ticker
