{{ config(indexes=[{'columns': ['ticker']}]) }}

-- What the lists said, as events: a listing, a change of its description, a delisting. Polygon says that a security
-- is delisted; the archives' lists just leave it out, and sometimes by mistake. Left out of
-- `lists_absent_until_delisted` lists in a row it counts as delisted, from the first of them, known with the last;
-- back after fewer it never was away. Back under another name it is another company's, however short the absence.

with tracked as (
    select * from {{ ref('int_listings__tracked') }}
),

lists as (
    select
        received_at,
        row_number() over (order by received_at) as list_number,
        count(*) over () as list_count
    from {{ ref('int_security_lists__received') }}
),

numbered as (
    select
        tracked.*,
        lists.list_number,
        lists.list_count,
        lead(tracked.is_listed) over following as is_listed_next,
        lead(lists.list_number) over following as next_number,
        lead(tracked.first_list_date) over following as next_list_date
    from tracked
    inner join lists on tracked.first_received_at = lists.received_at
    where tracked.source_name = 'pystock'
    window following as (partition by tracked.ticker order by tracked.first_received_at)
),

present as (
    select
        *,
        lag(security_name) over (partition by ticker order by list_number) as name_before,
        lag(case when not is_listed_next then next_number end) over (
            partition by ticker order by list_number
        ) as absent_since_number,
        lead(security_name) over (partition by ticker order by list_number) as name_after,
        lead(list_number) over (partition by ticker order by list_number) as present_again_number
    from numbered
    where is_listed
),

judged as (
    select
        *,
        -- Null when it was not away before.
        list_number - absent_since_number as absence,
        security_name != name_before as is_renamed,
        case when not is_listed_next then next_number end as absent_number,
        coalesce(present_again_number, list_count + 1) - next_number as absence_after
    from present
),

listed as (
    select
        *,
        coalesce(absence > 0 and is_renamed, false) as is_other_company
    from judged
    where
        name_before is null
        or is_renamed
        or absence >= {{ var('lists_absent_until_delisted') }}
),

delisted as (
    select
        judged.ticker,
        judged.list_number,
        judged.next_list_date as effective_date,
        least(confirmations.received_at, returns.received_at) as known_from
    from judged
    left join lists as confirmations
        on
            confirmations.list_number = judged.absent_number + {{ var('lists_absent_until_delisted') }} - 1
            and judged.absence_after >= {{ var('lists_absent_until_delisted') }}
    left join lists as returns
        on judged.present_again_number = returns.list_number and judged.security_name != judged.name_after
    where
        judged.absent_number is not null
        and (confirmations.list_number is not null or returns.list_number is not null)
),

pystock as (
    select
        ticker,
        list_number,
        true as is_listed,
        is_other_company,
        security_name,
        first_list_date as effective_date,
        first_received_at as known_from
    from listed
    union all
    select
        ticker,
        -- Before the run that may follow it.
        list_number + 0.5 as list_number,
        false as is_listed,
        false as is_other_company,
        null as security_name,
        effective_date,
        known_from
    from delisted
),

pystock_companies as (
    select
        *,
        1 + sum(case when is_other_company then 1 else 0 end) over (
            partition by ticker order by list_number
        ) as company_number
    from pystock
)

select
    'pystock' as source_name,
    ticker,
    '' as identity,
    cast(company_number as {{ dbt.type_int() }}) as company_number,
    is_listed,
    security_name,
    cast(null as {{ dbt.type_string() }}) as security_type,
    cast(null as {{ dbt.type_string() }}) as exchange_mic,
    cast(null as {{ dbt.type_string() }}) as currency_name,
    cast(null as {{ dbt.type_string() }}) as cik,
    cast(null as {{ dbt.type_string() }}) as composite_figi,
    cast(null as {{ dbt.type_string() }}) as share_class_figi,
    cast(null as {{ type_timestamp_tz() }}) as delisted_at,
    effective_date,
    known_from
from pystock_companies
union all
select
    source_name,
    ticker,
    identity,
    1 as company_number,
    is_listed,
    security_name,
    security_type,
    exchange_mic,
    currency_name,
    cik,
    composite_figi,
    share_class_figi,
    delisted_at,
    case
        when is_listed then first_list_date
        else coalesce({{ date_in_zone('delisted_at', 'America/New_York') }}, first_list_date)
    end as effective_date,
    first_received_at as known_from
from tracked
where source_name = 'polygon'
