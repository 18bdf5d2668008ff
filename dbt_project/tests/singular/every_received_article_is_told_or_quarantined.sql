{{
    config(
        description="""
Articles received = copies of stories + quarantined copies, over the loads that have been read. A build looks at the loads
read since this last held, and at the copies written since.""")
}}

{% set read_loads = keys_to_test(ref('int_loads__processed')) %}
{% set copies = ref('int_articles__grouped') %}
{% set quarantined = ref('quarantined_articles') %}
{% set noted = [keys_to_test(copies), keys_to_test(quarantined)] %}
{% set is_scoped = ([read_loads] + noted) | select | list | length == 3 %}

with deliveries as (
    {%- for provider in article_providers() %}
    {% set loads -%}
        select read_loads.load_id
        from {{ read_loads if is_scoped else ref('int_loads__processed') }} as read_loads
        where read_loads.model = 'int_articles__versioned' and read_loads.source = '{{ provider }}'
    {%- endset -%}
    select
        provider,
        copy_key,
        title
    from {{ ref('int_articles__unioned') }}
    where provider = '{{ provider }}' and {{ is_any_of('_dlt_load_id', loads) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- if is_scoped %}
    {%- for keys in noted %}
    union all
    select
        cast(null as {{ dbt.type_string() }}) as provider,
        copy_key,
        cast(null as {{ dbt.type_string() }}) as title
    from {{ keys }}
    {%- endfor %}
    {%- endif %}
)

select
    deliveries.provider,
    deliveries.copy_key,
    deliveries.title
from deliveries
{% if is_scoped -%}
{{ last_looked_up(copies, 'copies', is_same('copies', 'deliveries', ['copy_key']), 'copy_key') }}
{{ last_looked_up(quarantined, 'quarantined', is_same('quarantined', 'deliveries', ['copy_key']), 'copy_key') }}
{%- else -%}
left join {{ copies }} as copies on deliveries.copy_key = copies.copy_key
left join {{ quarantined }} as quarantined on deliveries.copy_key = quarantined.copy_key
{%- endif %}
where copies.copy_key is null and quarantined.copy_key is null
