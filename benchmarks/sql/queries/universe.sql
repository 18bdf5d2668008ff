-- one: Who was listed on a day, as believed at a moment.
select ticker, security_name, valid_from, valid_to
from marts.universe_as_of(%(session)s, %(moment)s)
order by ticker
