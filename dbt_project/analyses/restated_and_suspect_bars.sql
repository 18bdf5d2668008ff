-- Which providers restate their bars, how often, and how many bars have a quality issue?
select
    provider,
    count(*) as bars,
    sum(case when version_count > 1 then 1 else 0 end) as restated_bars,
    sum(case when is_suspect then 1 else 0 end) as suspect_bars,
    min(trading_date) as first_date,
    max(trading_date) as last_date,
    round(cast(avg(provider_count) as numeric), 2) as mean_provider_count
from {{ ref('fct_daily_bars') }}
group by provider
order by bars desc
