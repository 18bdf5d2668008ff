-- one: A security's history as it was known at a moment.
select trading_date, close_price, volume, version_count, known_from
from marts.daily_bars_as_of(%(moment)s)
where ticker = %(ticker)s
order by trading_date
