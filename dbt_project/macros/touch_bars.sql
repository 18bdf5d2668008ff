{#-
    fct_daily_bars_adjusted notes in `int_bars__touched` which securities it writes rows of, and from which date on:
    `touch_bars_to_forget`, a pre-hook, those whose rows are another company's after all, while they are there;
    `touch_bars`, a post-hook, those that it has written, before they count as applied. The first also forgets what all
    followers have read.
-#}
{% macro touch_bars_to_forget() -%}
    {%- set touched = ref('int_bars__touched') -%}
    {{ forget_what_all_have_followed(touched) }};
    {%- if is_incremental() %}
    insert into {{ touched }} (security_key, first_trading_date, change_number)
    select
        security_key,
        min(trading_date),
        {{ this_change() }}
    from {{ this }}
    where {{ is_any_of('ticker', rekeyed_tickers(upstream='fct_daily_bars')) }}
    group by security_key
    {%- endif %}
{%- endmacro %}


{% macro touch_bars() -%}
    insert into {{ ref('int_bars__touched') }} (security_key, first_trading_date, change_number)
    select
        written.security_key,
        min(written.trading_date),
        {{ this_change() }}
    from (
        {%- if is_incremental() %}
        select
            adjusted.security_key,
            adjusted.trading_date
        from ({{ newly_claimed_bars() }}) as claimed
        {{ looked_up(this, 'adjusted', is_same('adjusted', 'claimed', ['ticker', 'trading_date'])) }}
        union all
        select
            security_key,
            trading_date
        from {{ this }}
        where {{ is_any_of('ticker', rekeyed_tickers(upstream='fct_daily_bars')) }}
        union all
        select
            security_key,
            trading_date
        from {{ this }}
        where {{ is_any_of('security_key', refactored_securities()) }}
        {%- else %}
        select
            security_key,
            trading_date
        from {{ this }}
        {%- endif %}
    ) as written
    group by written.security_key
{%- endmacro %}


{#- Ticker and trading date of the bars in the loads that the running model has claimed. -#}
{% macro newly_claimed_bars() -%}
    select
        ticker,
        trading_date
    from {{ ref('int_bars__unioned') }}
    where {{ is_newly_claimed(bar_providers(), source_column='provider') }}
{%- endmacro %}
