{#- What links copies: one URL, or one title on one UTC day. Where there is neither, its own key links a copy to none. -#}
{% macro story_links() -%}
    case when canonical_url is null then copy_key else {{ dbt.hash('canonical_url') }} end as url_key,
    case
        when coalesce(normalised_title, '') = '' then copy_key
        else {{ hash_of(['normalised_title', 'published_date']) }}
    end as title_key
{%- endmacro %}


{#-
    Pre-hook of int_articles__grouped: notes all copies that newly delivered ones are linked to, directly or by others,
    by their words now or before. What links none of them cannot change their stories, nor they its. The key of a
    story is that of one of its copies, so that these are also the keys of all stories that may change.
-#}
{% macro note_linked_copies() -%}
    {%- set tellers = [this.identifier] + tellers_of_stories() -%}
    {%- set outdated = ref('int_stories__outdated') -%}
    {%- set deliveries = ref('int_articles__unioned') -%}
    {%- set versions = ref('int_articles__versioned') -%}
    {%- if is_incremental() -%}
    {%- set newly_delivered -%}
        select deliveries.copy_key from {{ deliveries }} as deliveries
        where {{ is_newly_claimed(article_providers(), source_column='deliveries.provider') }}
    {%- endset -%}
    {%- set linked -%}
        with recursive newly_delivered as (
            {{ newly_delivered }}
        ),

        changed as (
            select copy_key, {{ story_links() }}
            from {{ versions }}
            where version_number = 1 and {{ is_any_of('copy_key', 'select copy_key from newly_delivered') }}
            union
            select copy_key, url_key, title_key
            from {{ this }}
            where {{ is_any_of('copy_key', 'select copy_key from newly_delivered') }}
        ),

        linked as (
            select copy_key, url_key, title_key from changed
            union
            select known.copy_key, known.url_key, known.title_key
            from linked
            inner join {{ this }} as known
                on linked.url_key = known.url_key or linked.title_key = known.title_key
        )

        select copy_key as article_key from linked group by copy_key
    {%- endset -%}
    {{ note_outdated_stories(linked, tellers) }};
    {%- else -%}
    delete from {{ outdated }} where model in ('{{ tellers | join("', '") }}');
    {{ note_outdated_stories('select cast(null as ' ~ dbt.type_string() ~ ') as article_key', tellers_of_stories()) }};
    {%- endif -%}
    {{ take_statistics(outdated) }}
{%- endmacro %}
