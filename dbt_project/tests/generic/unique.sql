{#- No two rows have the same value, nulls apart. Where a unique index holds that, no row need be read. -#}
{% test unique(model, column_name) -%}
{%- set held = what_holds_unique([column_name]) -%}
select
    {{ column_name }},
    count(*) as row_count
from {{ model }}
where {% if held %}{{ nothing_to_read(held.index) }}{% else %}{{ column_name }} is not null{% endif %}
group by {{ column_name }}
having count(*) > 1
{%- endtest %}
