-- Which provider restates which bars, by how much, and how late? By provider and month, with the largest restatement.
with restatements as (
    select * from {{ ref('mart_restatements') }}
),

versions as (
    select
        *,
        row_number() over (
            partition by provider, date_trunc('month', trading_date)
            order by largest_price_change desc nulls last, volume_change desc nulls last, ticker asc
        ) as size_rank
    from {{ ref('fct_daily_bar_versions') }}
    where version_number > 1
)

select
    restatements.provider,
    restatements.trading_month,
    restatements.bar_count,
    restatements.restated_bar_count,
    restatements.restated_share,
    restatements.price_restatement_count + restatements.both_restatement_count as price_restatement_count,
    restatements.volume_restatement_count,
    restatements.median_price_change,
    restatements.median_volume_change,
    restatements.median_hours_late,
    versions.ticker as most_restated_ticker,
    versions.trading_date as most_restated_date,
    versions.restatement_kind as most_restated_kind
from restatements
left join versions
    on
        restatements.provider = versions.provider
        and restatements.trading_month = cast(date_trunc('month', versions.trading_date) as date)
        and versions.size_rank = 1
order by restatements.provider, restatements.trading_month
