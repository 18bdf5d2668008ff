{#- What one node has asked the database, for the nodes after it: each has a context of its own, but dbt gives all nodes of an
    invocation the same graph. For what the invocation itself does not change again. -#}
{% macro remembered() -%}
    {{ return(graph.setdefault('remembered by ' ~ invocation_id, {})) }}
{%- endmacro %}
