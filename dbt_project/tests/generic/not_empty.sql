{#- The model has a row if its parent has one that meets the condition: a source that is not in use is no fault. -#}
{% test not_empty(model, parent, condition='1 = 1') -%}
{{ config(where='1 = 1') }}
select 'no rows' as reason
where
    exists (select 1 from {{ parent }} where {{ condition }})
    and not exists (select 1 from {{ model }})
{%- endtest %}
