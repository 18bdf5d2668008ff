{#- The versions of each thing are numbered from 1, and each begins at the moment when the one before it ended, later
    than that one began; the last has no end. -#}
{% test follows_without_gap(model, key) -%}
select *
from (
    select
        {{ key | join(', ') }},
        version_number,
        known_from,
        known_to,
        row_number() over versions as expected_number,
        lag(known_to) over versions as earlier_known_to,
        lead(known_from) over versions as later_known_from
    from {{ model }}
    window versions as (partition by {{ key | join(', ') }} order by version_number)
) as numbered
where
    version_number != expected_number
    or known_from is null
    or (version_number > 1 and earlier_known_to is distinct from known_from)
    or known_to is distinct from later_known_from
    or known_to <= known_from
{%- endtest %}
