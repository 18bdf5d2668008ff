{% macro is_stock_ticker(column) -%} (length({{ column }}) <= 20 and {{ regexp_matches('trim(' ~ column ~ ')', '^[A-Za-z0-9^][A-Za-z0-9 .+=*#~!&$^_/-]*$') }}) {%- endmacro %}
