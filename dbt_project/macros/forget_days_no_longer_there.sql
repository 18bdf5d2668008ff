{#- Pre-hook of mart_stock_days: a bar that is another security's after all leaves no day behind. -#}
{% macro forget_days_no_longer_there() -%}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where (security_key, trading_date) in (
            select
                built.security_key,
                built.trading_date
            from {{ ref('int_bars__touched') }} as touched
            {{ looked_up(
                this, 'built',
                'built.security_key = touched.security_key and built.trading_date >= touched.first_trading_date'
            ) }}
            {{ last_looked_up(
                ref('fct_daily_bars'), 'bars', is_same('bars', 'built', ['security_key', 'trading_date']), 'trading_date'
            ) }}
            where
                touched.change_number > {{ last_followed('fct_daily_bars_adjusted') }}
                and bars.security_key is null
        )
    {%- endif -%}
{%- endmacro %}
