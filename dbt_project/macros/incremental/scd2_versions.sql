{% macro delivery_arrays() -%}
    {{ return({'received_at': 'delivery_times', 'response_id': 'delivery_response_ids', 'row_in_response': 'delivery_rows'}) }}
{%- endmacro %}

{% macro scd2_versions(deliveries, key, values, derived=[], first='1') -%}
    select
        {{ key | join(',\n        ') }},
        version_number,
        {%- for column in values + derived %}
        min({{ column }}) as {{ column }},
        {%- endfor %}
        min(received_at) as known_from,
        max(received_at) as last_received_at,
        array_agg(received_at order by received_at) as delivery_times,
        array_agg(response_id order by received_at) as delivery_response_ids,
        array_agg(row_in_response order by received_at) as delivery_rows,
        max(_dlt_load_id) as _dlt_load_id,
        max(_loaded_at) as _loaded_at
    from (
        select
            *,
            sum(case when value_hash = previous_value_hash then 0 else 1 end) over (
                partition by {{ key | join(', ') }} order by received_at
            ) as version_number
        from (
            select
                *,
                lag(value_hash) over (partition by {{ key | join(', ') }} order by received_at) as previous_value_hash
            from (
                select
                    *,
                    {{ hash_of(values) }} as value_hash,
                    -- Of several deliveries at one moment (a response that repeats a row) the last one counts.
                    row_number() over (
                        partition by {{ key | join(', ') }}, received_at
                        order by {{ first }}, response_id desc, row_in_response desc
                    ) as delivery_number
                from {{ deliveries }}
            ) as hashed
            where delivery_number = 1
        ) as compared
    ) as numbered
    group by {{ key | join(', ') }}, version_number
{%- endmacro %}

{% macro relative_change(earlier, later) -%}
    abs({{ later }} - {{ earlier }}) / nullif(abs({{ earlier }}), 0)
{%- endmacro %}

{% macro is_known_at(moment, known_from='known_from', known_to='known_to') -%}
    {{ known_from }} <= {{ moment }} and ({{ known_to }} is null or {{ known_to }} > {{ moment }})
{%- endmacro %}
