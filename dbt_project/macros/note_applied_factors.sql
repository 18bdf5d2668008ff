{#- What fct_daily_bars_adjusted has just applied, for its next run to compare with. -#}
{% macro note_applied_factors() -%}
    delete from {{ ref('int_actions__applied') }};
    insert into {{ ref('int_actions__applied') }}
        (security_key, from_date, until_date, split_factor, dividend_factor, known_from)
    select security_key, from_date, until_date, split_factor, dividend_factor, known_from
    from {{ ref('int_actions__factored') }}
{%- endmacro %}
