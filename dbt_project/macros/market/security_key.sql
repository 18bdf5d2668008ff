{% macro security_key(ticker, assigned=none) -%}
    {%- set of_ticker = key_number(dbt.hash(ticker)) -%}
    {%- if assigned -%} coalesce({{ assigned }}.security_key, {{ of_ticker }}) {%- else -%} {{ of_ticker }} {%- endif -%}
{%- endmacro %}

{% macro is_assigned_on(assigned, ticker, day) -%}
    {{ ticker }} = {{ assigned }}.ticker
    and ({{ assigned }}.from_date is null or {{ day }} >= {{ assigned }}.from_date)
    and ({{ assigned }}.until_date is null or {{ day }} < {{ assigned }}.until_date)
{%- endmacro %}

{% macro is_preferred_ticker(other, own, day) -%}
    (
        ({{ other }}.ticker_number > {{ own }}.ticker_number and {{ other }}.taken_date <= {{ day }})
        or ({{ other }}.ticker_number < {{ own }}.ticker_number and {{ own }}.taken_date > {{ day }})
    )
{%- endmacro %}
