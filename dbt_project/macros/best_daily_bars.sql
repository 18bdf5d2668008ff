{#-
    The best bar of each security and session among `versions`, of which there is one per provider: those that are
    current, for `fct_daily_bars`, or those that were at some moment, for `daily_bars_as_of`. All windows go over the
    same columns, so that a database can look for a ticker or a date before it compares providers.
-#}
{% macro best_daily_bars(versions) -%}
    {%- set bar = 'partition by security_key, ticker, trading_date' -%}
    {%- set sound_close = 'case when not is_suspect then close_price end' -%}
    select
        security_key,
        ticker,
        trading_date,
        open_price,
        high_price,
        low_price,
        close_price,
        volume,
        vwap_price,
        transaction_count,
        provider,
        cast(provider_count as {{ dbt.type_int() }}) as provider_count,
        version_number as version_count,
        case when sound_count > 1 then highest_close / lowest_close - 1 end as close_disagreement,
        coalesce(sound_count > 1 and highest_close / lowest_close - 1 > {{ var('dispute_threshold') }}, false)
            as is_disputed,
        is_suspect,
        known_from
    from (
        select
            *,
            -- Several providers sell the same bar: one free of suspicion comes first, then the order of the seed.
            row_number() over (
                {{ bar }}
                order by case when is_suspect then 1 else 0 end, provider_priority, provider
            ) as choice_number,
            count(*) over ({{ bar }}) as provider_count,
            count({{ sound_close }}) over ({{ bar }}) as sound_count,
            max({{ sound_close }}) over ({{ bar }}) as highest_close,
            min({{ sound_close }}) over ({{ bar }}) as lowest_close
        from {{ versions }}
    ) as compared
    where choice_number = 1
{%- endmacro %}
