{#- Pre-hook of int_session_returns__averaged: a session whose bars are all gone leaves no row behind. -#}
{% macro forget_sessions_without_bars() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where session_number in (
            select session_number from {{ ref('int_bars__tracked') }}
            where change_number > {{ last_followed('int_bars__tracked') }} and bar_number is null
        )
        and session_number not in (
            select session_number from {{ ref('int_bars__tracked') }}
            where
                bar_number is not null
                and {{ is_any_of(
                    'session_number',
                    'select gone.session_number from ' ~ ref('int_bars__tracked') ~ ' as gone where gone.change_number > '
                    ~ last_followed('int_bars__tracked') ~ ' and gone.bar_number is null'
                ) }}
        )
    {%- endif -%}
{%- endmacro %}
