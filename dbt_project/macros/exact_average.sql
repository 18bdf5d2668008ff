{#-
    The average of a column of doubles as an aggregate, counted in decimals: its last digits do not depend on the order
    in which the database comes across the rows, so that the same rows give the same table.
-#}
{% macro exact_average(column) -%}
    cast(avg(cast({{ column }} as decimal(38, 15))) as {{ type_double() }})
{%- endmacro %}
