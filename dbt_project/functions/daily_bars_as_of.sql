with known_versions as (
    select * from {{ ref('fct_daily_bar_versions') }}
    where {{ is_known_at('as_of') }} and (superseded_at is null or superseded_at > as_of)
)

{{ best_daily_bars('known_versions') }}
