-- year: The bars of the last month that were restated most.
select ticker, trading_date, version_number, restatement_kind, largest_price_change, volume_change, known_from
from marts.fct_daily_bar_versions
where trading_date between %(month_before)s and %(session)s and version_number > 1
order by largest_price_change desc nulls last, volume_change desc nulls last
limit 100
