{#- No two rows have the same values in these columns. Where a unique index holds that, only new rows are read that have a
    null among the columns, which an index takes for different. -#}
{% test unique_together(model, columns) -%}
{%- set held = what_holds_unique(columns) -%}
select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ rows_to_test(model) if held else model }}
{%- if held %}
where
    {% if held.nullable -%}
    {{ held.nullable | join(' is null or ') }} is null /* otherwise held by {{ held.index }} */
    {%- else -%}
    {{ nothing_to_read(held.index) }}
    {%- endif %}
{%- endif %}
group by {{ columns | join(', ') }}
having count(*) > 1
{%- endtest %}
