{% macro is_in_test_scope(column='_updated_at') -%}
    {%- if var('test_scope', 'all') == 'recent' -%} {{ column }} > current_timestamp - interval '1 day' {%- else -%} true {%- endif -%}
{%- endmacro %}
