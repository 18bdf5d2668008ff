{% macro is_stock_ticker(column) -%} ({{ column }} not like '%:%' and trim({{ column }}) != '') {%- endmacro %}
