{#- Pre-hook of fct_daily_indicators: a bar that was withdrawn, or is no longer trusted, leaves no row behind. -#}
{% macro forget_bars_no_longer_there() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as built
        where not exists (
            select 1 from {{ ref('int_bars__numbered') }} as bars
            where bars.security_key = built.security_key and bars.trading_date = built.trading_date
        )
    {%- endif -%}
{%- endmacro %}
