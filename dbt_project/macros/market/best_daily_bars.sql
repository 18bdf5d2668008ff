{% macro best_daily_bars(versions) -%}
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
            row_number() over (
                partition by security_key, ticker, trading_date
                order by case when is_suspect then 1 else 0 end, provider_priority, provider
            ) as choice_number,
            count(*) over bar as provider_count,
            count({{ sound_close }}) over bar as sound_count,
            max({{ sound_close }}) over bar as highest_close,
            min({{ sound_close }}) over bar as lowest_close
        from {{ versions }}
        window bar as (partition by security_key, ticker, trading_date)
    ) as compared
    where choice_number = 1
{%- endmacro %}
