{% macro connected_rows(start, relation, key, links) -%}
    {{ return(adapter.dispatch('connected_rows', 'marketloom')(start, relation, key, links)) }}
{%- endmacro %}

{% macro postgres__connected_rows(start, relation, key, links) -%}
    with recursive connected as (
        select {{ key }}, {{ links | join(', ') }} from {{ start }}
        union
        select found.{{ key }}, found.{{ links | join(', found.') }}
        from connected
        inner join {{ relation }} as found
            on not found.is_deleted and (
                {%- for link in links %}
                connected.{{ link }} = found.{{ link }}{{ ' or' if not loop.last }}
                {%- endfor %}
            )
    )

    select {{ key }} from connected group by {{ key }}
{%- endmacro %}
