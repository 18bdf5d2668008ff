{% macro exact_average(column) -%}
    cast(avg(cast({{ column }} as decimal(38, 15))) as {{ type_double() }})
{%- endmacro %}
