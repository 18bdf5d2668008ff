{% macro is_in_test_scope(column='_updated_at') -%}
    {%- if var('test_scope', 'all') == 'recent' -%}
    {{ column }} > current_timestamp - interval '{{ var('recent_test_hours', 24) }} hours'
    {%- else -%} true {%- endif -%}
{%- endmacro %}
