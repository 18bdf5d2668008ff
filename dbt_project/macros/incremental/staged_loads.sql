{% macro staged_loads(source_name) -%}
with source as (
    select * from {{ source(source_name, '_dlt_loads') }}
),

renamed as (
    select
        -- ids
        cast(load_id as {{ dbt.type_string() }}) as load_id,

        -- strings
        cast('{{ source_name | replace("raw_", "") }}' as {{ dbt.type_string() }}) as source_name,
        cast(schema_name as {{ dbt.type_string() }}) as schema_name,
        cast(schema_version_hash as {{ dbt.type_string() }}) as schema_version_hash,

        -- numbers
        status as load_status,

        -- booleans
        status = 0 as is_finished,

        -- times
        inserted_at as finished_at
    from source
)

select * from renamed
{%- endmacro %}
