{#- PostgreSQL cannot replace a function by one that returns other columns: it has to be dropped first. -#}
{% macro postgres__scalar_function_sql(target_relation) %}
    drop function if exists {{ target_relation.render() }};
    {{ default__scalar_function_sql(target_relation) }}
{% endmacro %}
