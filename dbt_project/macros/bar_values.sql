{#- What makes a version of a bar: where one of these changes, the bar was restated. -#}
{% macro bar_values() -%}
    {{ return([
        'open_price', 'high_price', 'low_price', 'close_price', 'volume', 'vwap_price', 'transaction_count', 'suspicion'
    ]) }}
{%- endmacro %}
