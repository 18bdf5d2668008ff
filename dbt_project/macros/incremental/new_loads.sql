{% macro new_loads(sources) -%}
    select
        source_name,
        load_id,
        finished_at
    from (
        {%- for source_name in sources %}
        select * from {{ ref('stg_' ~ source_name ~ '__loads') }}
        {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as loads
    where is_finished
    {%- if is_incremental() %}
        and finished_at >= (
            select coalesce({{ dbt.dateadd('minute', -var('load_lookback_minutes'), 'max(built._loaded_at)') }}, {{ beginning_of_time() }})
            from {{ this }} as built
        )
        and not exists (select 1 from {{ this }} as built where built._dlt_load_id = loads.load_id)
    {%- endif %}
{%- endmacro %}
