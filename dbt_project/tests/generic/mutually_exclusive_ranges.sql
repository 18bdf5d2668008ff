{#-
    No two rows of a partition overlap. The lower bound is included, the upper is not; null is an open end.
    With lists of bounds, no two rows overlap in all of the ranges: dates and the times at which they were known.
-#}
{% test mutually_exclusive_ranges(model, lower_bound_column, upper_bound_column, partition_by) -%}
{%- set lower_bounds = [lower_bound_column] if lower_bound_column is string else lower_bound_column -%}
{%- set upper_bounds = [upper_bound_column] if upper_bound_column is string else upper_bound_column -%}
with numbered as (
    select
        *,
        row_number() over (order by {{ ([partition_by] + lower_bounds + upper_bounds) | join(', ') }}) as test_row_number
    from {{ model }}
)

select
    one.*,
    other.test_row_number as other_row_number
from numbered as one
inner join numbered as other
    on
        one.test_row_number < other.test_row_number
        and one.{{ partition_by }} = other.{{ partition_by }}
        {%- for lower, upper in zip(lower_bounds, upper_bounds) %}
        and (one.{{ upper }} is null or other.{{ lower }} is null or other.{{ lower }} < one.{{ upper }})
        and (other.{{ upper }} is null or one.{{ lower }} is null or one.{{ lower }} < other.{{ upper }})
        {%- endfor %}
{%- endtest %}
