{#-
    The versions of each key are numbered from 1, each begins when the one before it ends, and the last has no end.
    key: columns that say what the versions are of
-#}
{% test sequential_versions(model, key) -%}
with numbered as (
    select
        {{ key | join(', ') }},
        version_number,
        known_from,
        known_to,
        row_number() over versions as expected_number,
        lag(known_to) over versions as previous_known_to,
        lead(known_from) over versions as next_known_from
    from {{ model }}
    window versions as (partition by {{ key | join(', ') }} order by version_number)
)

select *
from numbered
where
    version_number != expected_number
    or known_from is null
    or (version_number > 1 and previous_known_to is distinct from known_from)
    or known_to is distinct from next_known_from
    or known_to <= known_from
{%- endtest %}
