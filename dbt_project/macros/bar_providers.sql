{#- The sources that deliver daily bars; a new one is added here and in int_bars__unioned. -#}
{% macro bar_providers() -%}
    {{ return(['polygon', 'alpha_vantage', 'pystock']) }}
{%- endmacro %}


{#- The sources that deliver articles; a new one is added here and in int_articles__unioned. -#}
{% macro article_providers() -%}
    {{ return(['polygon', 'alpha_vantage', 'rss', 'headlines']) }}
{%- endmacro %}
