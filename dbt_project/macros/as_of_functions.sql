{#- One macro per mart that can be asked for a moment; each is the mart's post-hook. See dbt_project/docs/time.md. -#}

{% macro create_daily_bars_as_of() -%}
    {%- set known -%}
        (
            select * from {{ ref('fct_daily_bar_versions') }}
            where {{ is_known_at('as_of') }} and (set_aside_from is null or set_aside_from > as_of)
        ) as known
    {%- endset -%}
    {{ create_as_of_function(
        'daily_bars_as_of',
        best_daily_bars(known),
        'fct_daily_bars as it stood at a moment: select * from marts.daily_bars_as_of(''2015-11-30 14:00+00'') '
        ~ 'where ticker = ''AAPL''. Conditions on ticker and trading_date use the index.'
    ) }}
{%- endmacro %}


{% macro create_articles_as_of() -%}
    {%- set copies -%}
        (
            select *, url as article_url, copy_known_from as first_received_at
            from {{ ref('fct_article_versions') }}
            where {{ is_known_at('as_of') }}
        ) as known
    {%- endset -%}
    {%- set mentions -%}
        (
            select article_key, ticker, {{ exact_average('sentiment_score') }} as sentiment_score
            from {{ ref('fct_article_mention_versions') }}
            where {{ is_known_at('as_of') }}
            group by article_key, ticker
        ) as known
    {%- endset -%}
    {{ create_as_of_function(
        'articles_as_of',
        told_articles('(' ~ told_stories(copies) ~ ')', mentions, ref('dim_sessions')),
        'fct_articles as it stood at a moment: select * from marts.articles_as_of(''2015-11-30 14:00+00''). '
        ~ 'Conditions on article_key use the index.'
    ) }}
{%- endmacro %}


{#- `security_versions_as_of(moment)`, and made of it `securities_as_of(moment)` and `universe_as_of(day, moment)`. -#}
{% macro create_securities_as_of() -%}
    {%- set columns = adapter.get_columns_in_relation(this) | map(attribute='name') | list if execute else [] -%}
    {%- set known -%}
        select
            {%- for column in columns if column not in ('known_to', 'is_current') %}
            {{ column }},
            {%- endfor %}
            -- When we were to learn better was not known then.
            case when known_to <= as_of then known_to end as known_to,
            known_to is null or known_to > as_of as is_current
        from {{ this }}
        where known_from <= as_of
    {%- endset -%}
    {{ create_as_of_function(
        'security_versions_as_of',
        known,
        'dim_security_versions as it stood at a moment: select * from '
        ~ 'marts.security_versions_as_of(''2015-11-30 14:00+00'').'
    ) }}
    {{ create_securities_and_universe_as_of() }}
{%- endmacro %}
