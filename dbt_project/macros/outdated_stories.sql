{#-
    Telling anew only what changed. A new copy of a story may change rows that it did not bring: loads come in any
    order, so that a late one may bring the copy that links two stories, or the one that was known first and gives a
    story its key. `int_articles__grouped`, which finds this out, therefore notes in `int_stories__outdated`, for each
    model of `tellers_of_stories`, the keys of all stories that may be told otherwise now. A teller
    - deletes their rows (`forget_outdated_stories`, a pre-hook),
    - selects them again (`is_outdated`, its condition) and appends them,
    - and strikes them off its list (`note_stories_as_told`, a post-hook),
    all in one transaction: one that is killed finds its list as it was. A teller that is built whole reads everything
    and strikes off everything; where int_articles__grouped itself is built whole, a null says that all is outdated.
-#}
{% macro tellers_of_stories() -%}
    {{ return([
        'int_article_mentions__extracted', 'int_article_mentions__matched', 'int_articles__deduplicated',
        'fct_articles', 'fct_article_versions', 'fct_article_mention_versions', 'bridge_article_securities'
    ]) }}
{%- endmacro %}


{#- Notes for each of `tellers` the stories whose keys the query `keys` gives as `article_key`. -#}
{% macro note_outdated_stories(keys, tellers) -%}
    insert into {{ ref('int_stories__outdated') }} (model, article_key)
    with outdated as (
        {{ keys }}
    )
    {%- for teller in tellers %}
    select
        '{{ teller }}',
        article_key
    from outdated
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- True for rows of the stories that the running model has to tell anew: of all, where it is built whole. -#}
{% macro is_outdated(column) -%}
    {%- set outdated = ref('int_stories__outdated') -%}
    {%- if is_incremental() and not everything_is_outdated() -%}
        {{ column }} in (
            select outdated.article_key from {{ outdated }} as outdated where outdated.model = '{{ this.identifier }}'
        )
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}


{% macro everything_is_outdated() -%}
    {%- set found = dbt.run_query(
        "select 1 from " ~ ref('int_stories__outdated')
        ~ " where model = '" ~ this.identifier ~ "' and article_key is null limit 1"
    ) -%}
    {{ return(found.rows | length > 0) }}
{%- endmacro %}


{% macro forget_outdated_stories(column='article_key') -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ is_outdated(column) }}
    {%- endif -%}
{%- endmacro %}


{% macro note_stories_as_told() -%}
    delete from {{ ref('int_stories__outdated') }} where model = '{{ this.identifier }}'
{%- endmacro %}
