{#- Values lie between two bounds, both included; either may be left out. Nulls pass. -#}
{% test between(model, column_name, at_least=none, at_most=none) -%}
select *
from {{ model }}
where
    {% if at_least is not none %}{{ column_name }} < {{ at_least }}{% endif %}
    {%- if at_least is not none and at_most is not none %} or {% endif %}
    {%- if at_most is not none %}{{ column_name }} > {{ at_most }}{% endif %}
{%- endtest %}
