{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='received_at',
        indexes=[{'columns': ['received_at'], 'unique': true}],
        pre_hook="{{ claim_new_loads(sources=['pystock']) }}",
    )
}}

-- Which whole lists there are: a security missing from one is told by the list, not by a row.

with symbols as (
    select * from {{ ref('stg_pystock__symbols') }}
    where {{ is_newly_claimed(['pystock']) }}
),

received as (
    select
        received_at,
        {{ date_of_digits('max(archive_name)') }} as list_date,
        count(*) as security_count
    from symbols
    group by received_at
    {%- if is_incremental() %}
    union all
    select
        known.received_at,
        known.list_date,
        known.security_count
    from {{ this }} as known
    where known.received_at in (select symbols.received_at from symbols)
    {%- endif %}
)

select
    received_at,
    -- A name that is no date tells no day: the list then speaks of the day it came.
    coalesce(max(list_date), {{ date_in_zone('received_at', 'America/New_York') }}) as list_date,
    max(security_count) as security_count
from received
group by received_at
