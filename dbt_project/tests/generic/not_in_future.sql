{#- A point in time is not later than now, with a tolerance for the clocks of other machines. -#}
{% test not_in_future(model, column_name, tolerance_minutes=60) -%}
select *
from {{ model }}
where {{ column_name }} > {{ dbt.dateadd('minute', tolerance_minutes, dbt.current_timestamp()) }}
{%- endtest %}
