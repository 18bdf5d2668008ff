{#- Scores inside JSON are not checked before they are loaded. Nineteen digits and a short exponent fit a double. -#}
{% macro score_of(json_text) -%}
    {%- set number = '^[+-]?([0-9]{1,19}([.][0-9]{0,19})?|[.][0-9]{1,19})([eE][+-]?[0-9]{1,2})?$' -%}
    {%- set score = 'cast(' ~ json_text ~ ' as ' ~ type_double() ~ ')' -%}
    case when {{ regexp_matches('(' ~ json_text ~ ')', number) }} then
        case when {{ score }} between -1 and 1 then {{ score }} end
    end
{%- endmacro %}
