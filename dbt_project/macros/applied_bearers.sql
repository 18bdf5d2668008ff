{#-
    That a ticker was another company's may come out when its facts have long been built. So each incremental model whose
    rows carry a ticker and its company's key keeps in `int_tickers__applied` which exceptions it has applied, in the
    transaction that applies them. `rekeyed_tickers` gives the tickers for which it is to apply others now,
    `forget_rekeyed_rows`, a pre-hook, deletes their rows, for the model to build them anew; `note_applied_bearers` is the
    post-hook. Where nothing has changed, all three read a handful of rows.

    upstream: the model whose keys the running model takes over: what that one has applied, no more, is to be applied.
-#}
{% macro rekeyed_tickers(upstream=none) -%}
    {%- set applied = bearers_applied_by(this.identifier) -%}
    {%- set wanted = bearers_applied_by(upstream) if upstream else exceptional_bearers() -%}
    select changed.ticker
    from (
        ({{ wanted }} except {{ applied }})
        union all
        ({{ applied }} except {{ wanted }})
    ) as changed
{%- endmacro %}


{% macro forget_rekeyed_rows(upstream=none) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ is_any_of('ticker', rekeyed_tickers(upstream)) }}
    {%- endif -%}
{%- endmacro %}


{% macro note_applied_bearers(upstream=none) -%}
    {%- set applied = ref('int_tickers__applied') -%}
    delete from {{ applied }}
    where model = '{{ this.identifier }}' and {{ is_any_of('ticker', rekeyed_tickers(upstream)) }};
    insert into {{ applied }} (model, ticker, security_key, from_date, until_date, ticker_number, taken_date)
    select
        '{{ this.identifier }}',
        wanted.*
    from ({{ bearers_applied_by(upstream) if upstream else exceptional_bearers() }}) as wanted
    where not exists (
        select 1 from {{ applied }} as noted where noted.model = '{{ this.identifier }}' and noted.ticker = wanted.ticker
    )
{%- endmacro %}


{% macro exceptional_bearers() -%}
    select ticker, security_key, from_date, until_date, ticker_number, taken_date
    from {{ ref('int_tickers__borne') }}
    where is_exception
{%- endmacro %}


{% macro bearers_applied_by(model) -%}
    select ticker, security_key, from_date, until_date, ticker_number, taken_date
    from {{ ref('int_tickers__applied') }}
    where model = '{{ model }}'
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
