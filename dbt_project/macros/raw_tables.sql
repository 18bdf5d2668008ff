{#- Every raw table that dlt loads, by source. -#}
{% macro raw_tables() -%}
    {{ return({
        'polygon': ['bars', 'tickers', 'news', 'splits', 'dividends', 'listings'],
        'alpha_vantage': ['daily', 'news'],
        'rss': ['entries'],
        'pystock': ['prices', 'symbols', 'reports'],
        'headlines': ['headlines'],
        'calendar': ['days'],
        'ops': ['requests', 'quarantine'],
    }) }}
{%- endmacro %}
