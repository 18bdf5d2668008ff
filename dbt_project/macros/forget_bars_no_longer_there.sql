{#- Pre-hook of fct_daily_indicators: a bar that was withdrawn, or is no longer trusted, leaves no row behind. -#}
{% macro forget_bars_no_longer_there() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where (security_key, trading_date) in (
            select
                security_key,
                trading_date
            from {{ ref('int_bars__tracked') }}
            where change_number > {{ last_followed('int_bars__tracked') }} and bar_number is null
        )
    {%- endif -%}
{%- endmacro %}
