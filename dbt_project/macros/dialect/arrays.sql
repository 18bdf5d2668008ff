{% macro unnest_arrays(arrays, alias) -%}
    {{ return(adapter.dispatch('unnest_arrays', 'marketloom')(arrays, alias)) }}
{%- endmacro %}

{% macro postgres__unnest_arrays(arrays, alias) -%}
    cross join lateral unnest({{ arrays.values() | join(', ') }}) as {{ alias }} ({{ arrays.keys() | join(', ') }})
{%- endmacro %}

{% macro last_of(array) -%} {{ return(adapter.dispatch('last_of', 'marketloom')(array)) }} {%- endmacro %}

{% macro postgres__last_of(array) -%} {{ array }}[cardinality({{ array }})] {%- endmacro %}
