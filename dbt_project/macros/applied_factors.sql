{#-
    An action that is new, changed or withdrawn changes all bars of its security before it: models that adjust bars note
    the factors they have applied. `refactored_securities` gives the securities for which the running model is to apply
    others now, `note_applied_factors` is its post-hook.
-#}
{% macro refactored_securities() -%}
    {{ keys_to_apply(ref('int_actions__applied'), columns_of_factors(), factors_to_apply()) }}
{%- endmacro %}


{% macro note_applied_factors() -%}
    {{ note_applied(ref('int_actions__applied'), columns_of_factors(), factors_to_apply()) }}
{%- endmacro %}


{% macro factors_to_apply() -%}
    select {{ columns_of_factors() | join(', ') }} from {{ ref('int_actions__factored') }}
{%- endmacro %}


{% macro columns_of_factors() -%}
    {{ return(['security_key', 'from_date', 'until_date', 'split_factor', 'dividend_factor', 'known_from']) }}
{%- endmacro %}
