-- Without CTEs, so that PostgreSQL can use the indexes of the tables where the view is joined. Few tickers have an
-- assignment here: those that belonged to another company than their first, or to a company with several tickers.

select
    coalesce(assigned.security_key, versions.ticker_security_key) as security_key,
    versions.ticker,
    versions.trading_date,
    versions.provider,
    versions.version_number,
    versions.open_price,
    versions.high_price,
    versions.low_price,
    versions.close_price,
    versions.volume,
    versions.vwap_price,
    versions.transaction_count,
    versions.restatement_kind,
    versions.largest_price_change,
    versions.volume_change,
    coalesce(priorities.priority, 1000) as provider_priority,
    versions.quality_issue is not null as is_suspect,
    {{ superseded_at('versions', 'assigned') | indent(4) }} as superseded_at,
    versions.known_from,
    versions.known_to,
    versions.known_to is null as is_current,
    versions._updated_at
from {{ ref('int_bars__versioned').render() }} as versions
left join {{ ref('provider_priorities').render() }} as priorities on versions.provider = priorities.provider
left join {{ ref('int_tickers__assigned').render() }} as assigned
    on
        assigned.is_exception
        and not assigned.is_deleted
        and {{ is_assigned_on('assigned', 'versions.ticker', 'versions.trading_date') | indent(8) }}
