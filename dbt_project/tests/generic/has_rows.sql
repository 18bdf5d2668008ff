{#- A model that should never be empty has at least one row. -#}
{% test has_rows(model) -%}
select 'no rows' as reason
where not exists (select 1 from {{ model }})
{%- endtest %}
