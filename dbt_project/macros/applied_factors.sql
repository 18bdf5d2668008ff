{#-
    An action that is new, changed or withdrawn changes all bars of its security before it: models that adjust bars follow
    `int_actions__factored` and note the factors they have applied. `refactored_securities` gives the securities for which
    the running model is to apply others now, of those whose factors were made anew; `note_applied_factors` is its
    post-hook.
-#}
{% macro refactored_securities() -%}
    {{ keys_to_apply(ref('int_actions__applied'), columns_of_factors(), factors_to_apply(), among_factors_made_anew()) }}
{%- endmacro %}


{% macro note_applied_factors() -%}
    {{ note_applied(ref('int_actions__applied'), columns_of_factors(), factors_to_apply(), among_factors_made_anew()) }}
{%- endmacro %}


{% macro factors_to_apply() -%}
    select {{ columns_of_factors() | join(', ') }} from {{ ref('int_actions__factored') }}
    where {{ among_factors_made_anew() }}
{%- endmacro %}


{% macro among_factors_made_anew() -%}
    {%- set made_anew = touched_securities('int_actions__factored', '> ' ~ last_followed('int_actions__factored')) -%}
    {{ return(is_any_of('security_key', made_anew) if is_incremental() else 'true') }}
{%- endmacro %}


{% macro columns_of_factors() -%}
    {{ return(['security_key', 'from_date', 'until_date', 'split_factor', 'dividend_factor', 'known_from']) }}
{%- endmacro %}
