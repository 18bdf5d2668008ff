{#-
    The denominator, 1 to 4, of the simple fraction that a ratio of 1 or more stands for (2, 3/2, 5/4, …): the smallest
    one that meets it within a relative tolerance; null where none does. Its numerator is round(ratio * denominator).
-#}
{% macro simple_denominator(ratio, tolerance) -%}
    case
        {%- for denominator in range(1, 5) %}
        when abs({{ ratio }} * {{ denominator }} - round({{ ratio }} * {{ denominator }}))
            <= {{ tolerance }} * {{ ratio }} * {{ denominator }} then {{ denominator }}
        {%- endfor %}
    end
{%- endmacro %}
