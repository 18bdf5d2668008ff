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
