{#-
    One spelling of a ticker for all providers: upper case, the parts of a share class divided by a full stop.
    BRK-B, BRK/B and "brk b" become BRK.B; Polygon's BACpL and Yahoo's BAC-PL become BAC.PL.
    Most tickers are letters only and pass the first branch without a regular expression.
-#}
{% macro normalised_ticker(column) -%}
    case
        when {{ column }} = upper({{ column }}) then translate(trim({{ column }}), '-/ ', '...')
        else translate(
            upper({{ regexp_replace('trim(' ~ column ~ ')', '([A-Z])p([A-Z]?)$', '\\1.P\\2') }}), '-/ ', '...'
        )
    end
{%- endmacro %}


{#- The surrogate key of the first company that bore a normalised ticker. Nearly every ticker has had one only. -#}
{% macro security_key(ticker) -%}
    {{ dbt.hash(ticker) }}
{%- endmacro %}


{#-
    The surrogate key of the company that bore a ticker on a date: `security_key_of` in the select list, and in the
    from clause `join_bearers` with the same alias. Few tickers have been borne by several companies, so the join is
    to a handful of rows.
-#}
{% macro security_key_of(ticker, alias='bearers') -%}
    coalesce({{ alias }}.security_key, {{ security_key(ticker) }})
{%- endmacro %}


{% macro join_bearers(ticker, date, alias='bearers') -%}
    left join {{ ref('int_tickers__borne') }} as {{ alias }}
        on
            {{ alias }}.has_key_of_its_own
            and {{ ticker }} = {{ alias }}.ticker
            and {{ date }} >= coalesce({{ alias }}.from_date, cast('0001-01-01' as date))
            and {{ date }} < coalesce({{ alias }}.until_date, cast('9999-12-31' as date))
{%- endmacro %}


{#-
    A pre-hook for incremental facts with `security_key`, `ticker` and a date: once a load shows that a ticker was
    another company's, the rows written before are given to whom they belong.
-#}
{% macro give_rows_to_their_bearers(date='trading_date') -%}
    {%- if is_incremental() -%}
    update {{ this }} as fact
    set security_key = owned.security_key
    from (
        select
            facts.ticker,
            facts.{{ date }},
            {{ security_key_of('facts.ticker') }} as security_key
        from {{ this }} as facts
        {{ join_bearers('facts.ticker', 'facts.' ~ date) }}
        where facts.ticker in (select borne.ticker from {{ ref('int_tickers__borne') }} as borne where borne.has_key_of_its_own)
    ) as owned
    where
        fact.ticker = owned.ticker
        and fact.{{ date }} = owned.{{ date }}
        and fact.security_key != owned.security_key
    {%- else -%}
    select 1
    {%- endif -%}
{%- endmacro %}
