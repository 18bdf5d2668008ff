{% macro normalised_ticker(column) -%}
    case
        when {{ column }} = upper({{ column }}) then translate(trim({{ column }}), '-/ ', '...')
        else translate(
            upper({{ regexp_replace('trim(' ~ column ~ ')', '([A-Z])p([A-Z]?)$', '\\1.P\\2') }}), '-/ ', '...'
        )
    end
{%- endmacro %}
