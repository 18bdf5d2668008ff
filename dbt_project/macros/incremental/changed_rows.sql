{% macro changed_rows(new_rows, key, built=none) -%}
    {%- if is_incremental() -%}
    {%- set built = built or this -%}
    {%- set columns = model.columns.keys() | reject('in', ['is_deleted', '_updated_at']) | join(',\n        ') -%}
    select
        {{ columns }},
        is_deleted,
        {{ dbt.current_timestamp() }} as _updated_at
    from (
        (
            select {{ columns }}, false as is_deleted from {{ new_rows }}
            except
            select {{ columns }}, is_deleted from {{ built }}
        )
        union all
        select {{ columns }}, true as is_deleted
        from {{ built }} as built
        where not is_deleted
            and not exists (select 1 from {{ new_rows }} as new_rows where {{ is_same('new_rows', 'built', key) }})
    ) as changed
    {%- else -%}
    select
        *,
        false as is_deleted,
        {{ dbt.current_timestamp() }} as _updated_at
    from {{ new_rows }}
    {%- endif -%}
{%- endmacro %}
