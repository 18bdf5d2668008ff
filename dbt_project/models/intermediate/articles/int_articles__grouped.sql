{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['copy_key', 'article_key'],
        indexes=[
            {'columns': ['copy_key', 'article_key'], 'unique': true},
            {'columns': ['article_key']},
            {'columns': ['url_key']},
            {'columns': ['title_key']},
            {'columns': ['_updated_at']},
        ],
    )
}}

-- Two copies belong to one story when they share their canonical URL, or their normalised title on one UTC day; and so
-- do copies of copies. Each copy starts with its own number, in order of becoming known, and takes the lowest number
-- among the copies known before it that share its URL, then its title, then both once more. Only copies known before
-- count, by their first version, so that nothing learned later changes the story of a copy: two stories that a third
-- copy would link stay two. A chain that needs a third turn (A and B by URL, B and C by title, C and D by URL, D and E
-- by title, E and F by URL) has never been seen. It would make two stories.

{%- set only_updates = reads_only_updates([ref('int_articles__versioned')]) %}

with {% if only_updates -%}
updated_versions as (
    select
        copy_key,
        version_number,
        url_key,
        title_key
    from {{ ref('int_articles__versioned') }}
    where {{ is_updated() }}
),

-- By the links that they have now, and by those that they were grouped by: a late load can change a first version.
changed as (
    select
        copy_key,
        url_key,
        title_key
    from updated_versions
    where version_number = 1
    union
    select
        copy_key,
        url_key,
        title_key
    from {{ this }}
    where not is_deleted and {{ in_array('copy_key', 'select updated_versions.copy_key from updated_versions') }}
),

linked as (
    {{ connected_rows('changed', this, key='copy_key', links=['url_key', 'title_key']) | indent(4) }}
),

built as (
    select * from {{ this }}
    where {{ in_array('copy_key', 'select linked.copy_key from linked') }}
),

{% endif -%}
copies as (
    select * from {{ ref('int_articles__versioned') }}
    where
        version_number = 1
        {%- if only_updates %}
        and {{ in_array('copy_key', 'select linked.copy_key from linked') }}
        {%- endif %}
),

numbered as (
    select
        copy_key,
        url_key,
        title_key,
        row_number() over (order by known_from, published_at, copy_key) as copy_number
    from copies
),

by_url as (
    select
        *,
        min(copy_number) over (
            partition by url_key order by copy_number rows unbounded preceding
        ) as story_number_1
    from numbered
),

by_title as (
    select
        *,
        min(story_number_1) over (
            partition by title_key order by copy_number rows unbounded preceding
        ) as story_number_2
    from by_url
),

by_url_again as (
    select
        *,
        min(story_number_2) over (
            partition by url_key order by copy_number rows unbounded preceding
        ) as story_number_3
    from by_title
),

by_title_again as (
    select
        *,
        min(story_number_3) over (
            partition by title_key order by copy_number rows unbounded preceding
        ) as story_number
    from by_url_again
),

grouped as (
    select
        copy_key,
        -- The key of a story is that of its first copy.
        first_value(copy_key) over (partition by story_number order by copy_number) as article_key,
        url_key,
        title_key
    from by_title_again
)

{{ changed_rows('grouped', key=['copy_key', 'article_key'], built='built' if only_updates else none) }}
