{% macro simple_denominator(ratio, tolerance) -%}
    case
        {%- for denominator in range(1, 5) %}
        when abs({{ ratio }} * {{ denominator }} - round({{ ratio }} * {{ denominator }}))
            <= {{ tolerance }} * {{ ratio }} * {{ denominator }} then {{ denominator }}
        {%- endfor %}
    end
{%- endmacro %}
