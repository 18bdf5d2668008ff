{% macro merge_copies(copies) -%}
    {%- set columns = ['title', 'url', 'outlet', 'author', 'summary'] -%}
    select
        article_key,
        {%- for column in columns %}
        max(case when copy_number = 1 then {{ column }} end) as {{ column }},
        {%- endfor %}
        max(case when copy_number = 1 then provider end) as source,
        min(published_at) as published_at,
        min(copy_known_from) as known_from,
        cast(count(distinct publication_key) as {{ dbt.type_int() }}) as copy_count,
        cast(count(distinct provider) as {{ dbt.type_int() }}) as provider_count,
        {{ exact_average('sentiment_score') }} as sentiment_score
    from (
        select
            *,
            row_number() over (
                partition by article_key
                order by published_at, copy_known_from, copy_key
            ) as copy_number
        from {{ copies }}
    ) as numbered
    group by article_key
{%- endmacro %}
