{#-
    Joins a step to the rows of `relation` that fit `condition`, by the relation's index. An incremental build has few rows
    in hand beside a long history, but Postgres cannot know how few: it would rather read the history whole. The
    `offset` keeps it from turning the look-up into a join of its own choice.
-#}
{% macro looked_up(relation, alias, condition) -%}
    {{ return(adapter.dispatch('looked_up', 'marketloom')(relation, alias, condition)) }}
{%- endmacro %}

{% macro default__looked_up(relation, alias, condition) -%}
    inner join {{ relation }} as {{ alias }} on {{ condition }}
{%- endmacro %}

{% macro postgres__looked_up(relation, alias, condition) -%}
    cross join lateral (
        select {{ alias }}.* from {{ relation }} as {{ alias }}
        where {{ condition }}
        offset 0
    ) as {{ alias }}
{%- endmacro %}


{#- The last of those rows in the order of a column, or nulls. -#}
{% macro last_looked_up(relation, alias, condition, order_by) -%}
    left join lateral (
        select {{ alias }}.* from {{ relation }} as {{ alias }}
        where {{ condition }}
        order by {{ alias }}.{{ order_by }} desc
        limit 1
    ) as {{ alias }} on true
{%- endmacro %}


{#- True where the columns of two relations are the same. -#}
{% macro is_same(one, other, columns) -%}
    {%- for column in columns -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
