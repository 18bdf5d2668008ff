{#-
    The surrogate key of a security. That of the first company to bear a normalised ticker follows from the ticker, and
    nearly every ticker has had one company only. The exceptions stand in `int_tickers__borne` (`is_exception`): given
    the name of a relation of them, joined by `bore_on`, theirs goes first.
-#}
{% macro security_key(ticker, bearers=none) -%}
    {%- set of_ticker = key_number(dbt.hash(ticker)) -%}
    {%- if bearers -%} coalesce({{ bearers }}.security_key, {{ of_ticker }}) {%- else -%} {{ of_ticker }} {%- endif -%}
{%- endmacro %}


{#- True for the row of `bearers` whose company bore `ticker` on `day`: there is at most one. -#}
{% macro bore_on(bearers, ticker, day) -%}
    {{ ticker }} = {{ bearers }}.ticker
    and ({{ bearers }}.from_date is null or {{ day }} >= {{ bearers }}.from_date)
    and ({{ bearers }}.until_date is null or {{ day }} < {{ bearers }}.until_date)
{%- endmacro %}


{#-
    True where, of two tickers of one company, `other` is the one that it bore on `day`. Of any number of its tickers, one
    is left: the last that it had taken by then, or the first of all.
-#}
{% macro bore_rather(other, own, day) -%}
    (
        ({{ other }}.ticker_number > {{ own }}.ticker_number and {{ other }}.taken_date <= {{ day }})
        or ({{ other }}.ticker_number < {{ own }}.ticker_number and {{ own }}.taken_date > {{ day }})
    )
{%- endmacro %}
