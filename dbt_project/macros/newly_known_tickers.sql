{#-
    True for what a provider names that is a stock. A prefix marks what is not: CRYPTO:BTC and FOREX:USD at Alpha
    Vantage, X:BTCUSD at Polygon.
-#}
{% macro is_stock_ticker(column) -%}
    ({{ column }} not like '%:%' and trim({{ column }}) != '')
{%- endmacro %}


{#-
    Post-hook of int_article_mentions__extracted: a word with a dollar sign becomes a mention when somebody lists the
    ticker, which may be long after the story was told, or in a load that was late.
-#}
{% macro note_stories_of_newly_known_tickers() -%}
    {%- set known = ref('int_tickers__known') -%}
    {%- set applied = ref('int_cashtags__applied') -%}
    {%- set changed -%}
        select changed.ticker
        from (
            (select ticker, known_from from {{ known }} except select ticker, known_from from {{ applied }})
            union all
            (select ticker, known_from from {{ applied }} except select ticker, known_from from {{ known }})
        ) as changed
    {%- endset -%}
    {%- set stories -%}
        select stories.article_key
        from {{ this }} as extracted
        inner join {{ ref('int_articles__grouped') }} as stories on extracted.copy_key = stories.copy_key
        where extracted.is_from_cashtag and {{ is_any_of('extracted.ticker', changed) }}
        group by stories.article_key
    {%- endset -%}
    {{ note_outdated_stories(stories, tellers_of_mentions()) }};
    delete from {{ applied }} where {{ is_any_of('ticker', changed) }};
    insert into {{ applied }} (ticker, known_from)
    select ticker, known_from from {{ known }} as known
    where not exists (select 1 from {{ applied }} as applied where applied.ticker = known.ticker)
{%- endmacro %}


{#- The tellers that tell of mentions. -#}
{% macro tellers_of_mentions() -%}
    {{ return([
        'int_article_mentions__matched', 'fct_articles', 'fct_article_mention_versions', 'bridge_article_securities'
    ]) }}
{%- endmacro %}
