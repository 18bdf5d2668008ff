{#-
    That a ticker was another company's may come out when its facts have long been built: models whose rows carry a
    ticker and its company's key note the exceptions they have applied. `rekeyed_tickers` gives the tickers for which the
    running model is to apply others now, `forget_rekeyed_rows`, a pre-hook, deletes their rows, for the model to build
    them anew; `note_applied_bearers` is the post-hook.

    upstream: the model whose keys the running model takes over: what that one has applied, no more, is to be applied.
-#}
{% macro rekeyed_tickers(upstream=none) -%}
    {{ keys_to_apply(ref('int_tickers__applied'), columns_of_bearers(), bearers_to_apply(upstream)) }}
{%- endmacro %}


{% macro forget_rekeyed_rows(upstream=none) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ is_any_of('ticker', rekeyed_tickers(upstream)) }}
    {%- endif -%}
{%- endmacro %}


{% macro note_applied_bearers(upstream=none) -%}
    {{ note_applied(ref('int_tickers__applied'), columns_of_bearers(), bearers_to_apply(upstream)) }}
{%- endmacro %}


{% macro bearers_to_apply(upstream) -%}
    {%- if upstream -%}
        {{ applied_by(upstream, ref('int_tickers__applied'), columns_of_bearers()) }}
    {%- else -%}
        select {{ columns_of_bearers() | join(', ') }} from {{ ref('int_tickers__borne') }} where is_exception
    {%- endif -%}
{%- endmacro %}


{% macro columns_of_bearers() -%}
    {{ return(['ticker', 'security_key', 'from_date', 'until_date', 'ticker_number', 'taken_date']) }}
{%- endmacro %}


{#- Pre-hook of models that tell stories of securities: those with tickers to be keyed anew are outdated. -#}
{% macro note_stories_of_rekeyed_tickers() -%}
    {%- set stories -%}
        select stories.article_key
        from {{ ref('int_article_mentions__extracted') }} as extracted
        inner join {{ ref('int_articles__grouped') }} as stories on extracted.copy_key = stories.copy_key
        where {{ is_any_of('extracted.ticker', rekeyed_tickers()) }}
        group by stories.article_key
    {%- endset -%}
    {%- if is_incremental() -%} {{ note_outdated_stories(stories, [this.identifier]) }} {%- endif -%}
{%- endmacro %}
