{#- Text is there and is more than white space. -#}
{% test not_empty_text(model, column_name) -%}
select *
from {{ model }}
where {{ column_name }} is null or trim({{ column_name }}) = ''
{%- endtest %}
