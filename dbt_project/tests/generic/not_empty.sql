{#- The model has at least one row. -#}
{% test not_empty(model) -%}
{{ config(where='1 = 1') }}
select 'no rows' as reason
where not exists (select 1 from {{ model }})
{%- endtest %}
