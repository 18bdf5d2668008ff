{#-
    bridge_article_securities notes in `int_news_days__touched` the sessions of which it tells other news: those of the
    stories that it tells anew, before it forgets them (`touch_news_days_to_forget`, a pre-hook, which also forgets what has
    been counted) and after it has told them (`touch_news_days`, a post-hook, before they count as told).
-#}
{% macro touch_news_days_to_forget() -%}
    {{ forget_what_all_have_followed(ref('int_news_days__touched')) }};
    {%- if is_incremental() %}
    {{ touch_news_days() }}
    {%- endif -%}
{%- endmacro %}


{% macro touch_news_days() -%}
    insert into {{ ref('int_news_days__touched') }} (security_key, trading_date, change_number)
    select
        told.security_key,
        told.trading_date,
        {{ this_change() }}
    from (
        select
            security_key,
            effective_session_date as trading_date
        from {{ this }}
        where {{ is_outdated('article_key') }}
        union
        select
            security_key,
            published_effective_session_date as trading_date
        from {{ this }}
        where {{ is_outdated('article_key') }}
    ) as told
    where told.trading_date is not null
{%- endmacro %}
