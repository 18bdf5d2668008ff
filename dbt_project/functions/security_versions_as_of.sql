select
    security_version_key,
    security_key,
    ticker,
    version_number,
    security_name,
    security_type,
    exchange_mic,
    currency_name,
    cik,
    composite_figi,
    share_class_figi,
    described_by,
    delisted_at,
    valid_from,
    valid_to,
    is_listed,
    known_from,
    -- An end that was not known yet at the moment is left out.
    case when known_to <= as_of then known_to end as known_to,
    known_to is null or known_to > as_of as is_current
from {{ ref('dim_security_versions') }}
where known_from <= as_of
