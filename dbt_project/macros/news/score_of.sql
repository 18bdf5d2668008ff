{#- Scores inside JSON are not checked before they are loaded. Nineteen digits and a short exponent fit a double. -#}
{% macro score_of(json_text) -%}
    {%- set text = '(' ~ json_text ~ ')' -%}
    {%- set number = '^[+-]?([0-9]{1,19}([.][0-9]{0,19})?|[.][0-9]{1,19})([eE][+-]?[0-9]{1,2})?$' -%}
    case
        when {{ regexp_matches(text, number) }}
            then case
                when cast({{ text }} as {{ type_double() }}) between -1 and 1
                    then cast({{ text }} as {{ type_double() }})
            end
    end
{%- endmacro %}
