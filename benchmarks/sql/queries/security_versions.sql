-- one: What was said about a security's bars, and from when to when.
select trading_date, provider, version_number, close_price, volume, restatement_kind, known_from, known_to
from marts.fct_daily_bar_versions
where ticker = %(ticker)s
order by trading_date, provider, version_number
