{#- No value is null. A column that the database keeps from being null need not be read. -#}
{% test not_null(model, column_name) -%}
{%- set held_by = what_holds_not_null(column_name) -%}
select *
from {{ model }}
where {% if held_by %}{{ nothing_to_read(held_by) }}{% else %}{{ column_name }} is null{% endif %}
{%- endtest %}
