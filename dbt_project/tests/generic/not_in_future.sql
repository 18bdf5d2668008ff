{#- A point in time is not later than now, give or take the clocks of others. -#}
{% test not_in_future(model, column_name, tolerance_minutes=60) -%}
select *
from {{ model }}
where {{ column_name }} > {{ dbt.dateadd('minute', tolerance_minutes, dbt.current_timestamp()) }}
{%- endtest %}
