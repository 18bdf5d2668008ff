{% macro is_in_test_scope(column='_updated_at') -%}
    {%- set is_recent = column ~ " > current_timestamp - interval '" ~ var('recent_test_hours', 24) ~ " hours'" -%}
    {{ is_recent if var('test_scope', 'all') == 'recent' else 'true' }}
{%- endmacro %}
