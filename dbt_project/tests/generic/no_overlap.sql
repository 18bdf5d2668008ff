{#-
    No two rows of the same keys meet in all of the intervals: pairs of columns, the first included, the second not,
    null for an open end. One interval is enough for a history, two for one that is believed at different times.
-#}
{% test no_overlap(model, keys, intervals) -%}
with numbered as (
    select
        *,
        row_number() over (order by {{ (keys + (intervals | sum(start=[]))) | join(', ') }}) as row_place
    from {{ model }}
)

select
    one.*,
    other.row_place as other_row_place
from numbered as one
inner join numbered as other
    on
        one.row_place < other.row_place
        {%- for key in keys %}
        and one.{{ key }} = other.{{ key }}
        {%- endfor %}
        {%- for start, stop in intervals %}
        and (one.{{ stop }} is null or other.{{ start }} is null or other.{{ start }} < one.{{ stop }})
        and (other.{{ stop }} is null or one.{{ start }} is null or one.{{ start }} < other.{{ stop }})
        {%- endfor %}
{%- endtest %}
