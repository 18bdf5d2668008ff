{#- Characters outside ASCII are escaped: the statement can then be sent in any client encoding that PGCLIENTENCODING names. -#}
{% macro normalised_title(title, outlet, link) -%}
    {%- set tail = regexp_extract(title, ' [-|\\u2013\\u2014] ([^|\\u2013\\u2014]*[^-|\\u2013\\u2014])$') -%}
    {%- set squeezed_tail = "lower(" ~ regexp_replace(tail, '[^A-Za-z0-9]+', '') ~ ")" -%}
    {%- set squeezed_outlet = regexp_replace("lower(coalesce(" ~ outlet ~ ", '') || ' ' || split_part(coalesce(" ~ link ~ ", ''), '/', 3))", '[^a-z0-9]+', '') -%}
    {%- set without_tail -%}
        case
            when length({{ squeezed_tail }}) > 2 and position({{ regexp_replace(squeezed_tail, '^the', '') }} in {{ squeezed_outlet }}) > 0
                then left({{ title }}, length({{ title }}) - length({{ tail }}) - 3)
            else {{ title }}
        end
    {%- endset -%}
    {%- set prefixes_and_tickers = '^((UPDATE|WRAPUP|CORRECTED|CORRECTION|REFILE|RPT|REPEAT|BREAKING|EXCLUSIVE|UPDATED)( [0-9]+)?[-:] *)+|[(][$]?([A-Za-z]+: ?)?[A-Z][A-Z.]{0,5}[)]|[$][A-Z][A-Z.]{0,5}:?' -%}
    trim({{ regexp_replace("lower(" ~ regexp_replace(without_tail, prefixes_and_tickers, ' ') ~ ")", '[[:space:][:punct:]\\u2018\\u2019\\u201c\\u201d\\u00ab\\u00bb\\u2013\\u2014\\u2026\\u00b7\\u2022]+', ' ') }})
{%- endmacro %}
