{#-
    Pre-hook of int_session_returns__measured: returns that have bars still to come, and those of securities whose bars have
    changed within their reach, are measured again.
-#}
{% macro forget_returns_measured_otherwise() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where
            not is_final
            -- The newest session may have lost its bars.
            or session_number + 20 > (
                select max(session_number) from {{ ref('int_bars__tracked') }} where bar_number is not null
            )
            or (security_key, session_number) in (
                select
                    measured.security_key,
                    measured.session_number
                from (
                    select
                        security_key,
                        min(session_number) as session_number
                    from {{ ref('int_bars__tracked') }}
                    where change_number > {{ last_followed('int_bars__tracked') }}
                    group by security_key
                ) as changed
                inner join {{ this }} as measured
                    on changed.security_key = measured.security_key
                        and changed.session_number <= measured.session_number + 20
            )
    {%- endif -%}
{%- endmacro %}
