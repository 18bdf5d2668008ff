{#- One row per place of several arrays of one length, as `<alias>.<name>`; `arrays` maps names to arrays. -#}
{% macro unnest_arrays(arrays, alias) -%}
    {{ return(adapter.dispatch('unnest_arrays', 'marketloom')(arrays, alias)) }}
{%- endmacro %}

{% macro default__unnest_arrays(arrays, alias) -%}
    cross join unnest({{ arrays.values() | join(', ') }}) as {{ alias }} ({{ arrays.keys() | join(', ') }})
{%- endmacro %}

{% macro postgres__unnest_arrays(arrays, alias) -%}
    cross join lateral unnest({{ arrays.values() | join(', ') }}) as {{ alias }} ({{ arrays.keys() | join(', ') }})
{%- endmacro %}


{#- The last element of an array. -#}
{% macro last_of(array) -%}
    {{ return(adapter.dispatch('last_of', 'marketloom')(array)) }}
{%- endmacro %}

{% macro default__last_of(array) -%}
    element_at({{ array }}, -1)
{%- endmacro %}

{% macro postgres__last_of(array) -%}
    {{ array }}[cardinality({{ array }})]
{%- endmacro %}
