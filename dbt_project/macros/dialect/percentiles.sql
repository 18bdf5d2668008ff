{% macro median(column) -%} {{ return(adapter.dispatch('median', 'marketloom')(column)) }} {%- endmacro %}

{% macro postgres__median(column) -%} percentile_cont(0.5) within group (order by {{ column }}) {%- endmacro %}
