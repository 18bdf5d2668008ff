{#-
    Versions are episodes: the deliveries of one thing in the order of their receipt, cut where the values differ from
    the delivery before. The order in which loads arrive must not matter, so a version keeps when and where each of its
    deliveries came, and what a new load brings is laid between them.
-#}

{#- The columns of a delivery, and the arrays of a version that keep them. -#}
{% macro deliveries_of_version() -%}
    {{ return({
        'received_at': 'delivery_times',
        'response_id': 'delivery_response_ids',
        'row_in_response': 'delivery_rows',
    }) }}
{%- endmacro %}


{#-
    The episodes of `deliveries`, one row each.
    key:     columns that say what was delivered
    values:  columns whose change makes a new version
    derived: columns that follow from the key and the values, carried along
-#}
{% macro episodes(deliveries, key, values, derived=[]) -%}
    select
        {{ key | join(',\n        ') }},
        version_number,
        {%- for column in values + derived %}
        -- Alike in all deliveries of the version.
        min({{ column }}) as {{ column }},
        {%- endfor %}
        min(received_at) as known_from,
        max(received_at) as last_received_at,
        array_agg(received_at order by received_at) as delivery_times,
        array_agg(response_id order by received_at) as delivery_response_ids,
        array_agg(row_in_response order by received_at) as delivery_rows
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
                    -- Of several deliveries at one moment (a response that repeats a row, two responses in one
                    -- microsecond) the last counts, so that no version lasts for no time.
                    row_number() over (
                        partition by {{ key | join(', ') }}, received_at
                        order by response_id desc, row_in_response desc
                    ) as place_from_last
                from {{ deliveries }}
            ) as hashed
            where place_from_last = 1
        ) as compared
    ) as numbered
    group by {{ key | join(', ') }}, version_number
{%- endmacro %}


{#- How far a number moved between two versions, as a fraction of the first; null where that cannot be said. -#}
{% macro relative_change(earlier, later) -%}
    abs({{ later }} - {{ earlier }}) / nullif(abs({{ earlier }}), 0)
{%- endmacro %}


{#- True for versions that were the newest at `moment`. -#}
{% macro is_known_at(moment, known_from='known_from', known_to='known_to') -%}
    {{ known_from }} <= {{ moment }} and ({{ known_to }} is null or {{ known_to }} > {{ moment }})
{%- endmacro %}
