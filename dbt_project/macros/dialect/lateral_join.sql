{% macro lateral_join(relation, alias, condition, kind='inner', order_by=none, limit=none) -%}
    {{ return(adapter.dispatch('lateral_join', 'marketloom')(relation, alias, condition, kind, order_by, limit)) }}
{%- endmacro %}

{% macro postgres__lateral_join(relation, alias, condition, kind, order_by, limit) -%}
    {{ kind }} join lateral (
        select {{ alias }}.* from (select * from {{ relation }}) as {{ alias }}
        where {{ condition }}
        {%- if order_by %} order by {{ alias }}.{{ order_by }}{% endif %}
        {% if limit %}limit {{ limit }}{% else %}offset 0{% endif %}
    ) as {{ alias }} on true
{%- endmacro %}

{% macro is_same(one, other, columns) -%}
    {%- for column in columns -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
