{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='copy_key',
        contract={'enforced': true},
        indexes=[
            {'columns': ['copy_key'], 'unique': true},
            {'columns': ['article_key']},
            {'columns': ['url_key']},
            {'columns': ['title_key']},
        ],
        pre_hook=[
            "{{ claim_new_loads(upstream='int_articles__versioned') }}",
            "{{ note_linked_copies() }}",
            "{{ forget_outdated_stories('copy_key') }}",
        ],
        post_hook="{{ note_stories_as_told() }}",
    )
}}

-- Two copies tell one story when they share their canonical URL, or their normalised title on one UTC day; and so do
-- the copies of copies. Each copy starts with its own number, in order of becoming known, and takes the lowest
-- number among those known before it that it shares with, by URL and by title in turn, twice. Only copies known before
-- count, and the words by which each became known, so that a copy's story never changes with what is learned later:
-- two stories that a third copy would link stay two. A chain that would need a third turn (A and B by URL, B and C by
-- title, C and D by URL, D and E by title, E and F) has never been seen; it would be told as two stories.

with copies as (
    select * from {{ ref('int_articles__versioned') }}
    where version_number = 1 and {{ is_outdated('copy_key') }}
),

-- The numbers count among the copies that are grouped now, which are all that could be linked.
numbered as (
    select
        copy_key,
        published_date,
        {{ story_links() }},
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
)

select
    copy_key,
    -- The story is named for the copy with its number, the first of all that share it.
    first_value(copy_key) over (partition by story_number order by copy_number) as article_key,
    url_key,
    title_key
from by_title_again
