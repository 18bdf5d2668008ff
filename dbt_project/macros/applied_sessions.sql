{#-
    A change of the exchange's calendar, for days to come or for a day on which it closed unexpectedly, moves the
    stories of those days. The models that place stories in sessions keep the calendar they have applied in
    `int_sessions__applied`, in the transaction that applies it.
-#}

{#- Pre-hook: notes the stories that `moments`, pairs of a relation and its column of times, place on changed days. -#}
{% macro note_stories_of_changed_sessions(moments) -%}
    {%- set changed -%}
        select min(trading_date) as first_date, max(trading_date) as last_date from ({{ changed_days() }}) as days
    {%- endset -%}
    {%- set stories -%}
        -- Days are those of New York; two more on either side hold them in any time zone.
        {%- for relation, column in moments %}
        select article_key from {{ relation }}
        where {{ column }} >= (select {{ dbt.dateadd('day', -2, 'first_date') }} from ({{ changed }}) as changed)
            and {{ column }} < (select {{ dbt.dateadd('day', 3, 'last_date') }} from ({{ changed }}) as changed)
        {{ 'union' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {%- if is_incremental() -%} {{ note_outdated_stories(stories, [this.identifier]) }} {%- endif -%}
{%- endmacro %}


{% macro note_applied_sessions() -%}
    {%- set applied = ref('int_sessions__applied') -%}
    delete from {{ applied }} as applied
    where applied.model = '{{ this.identifier }}' and {{ is_any_of('applied.trading_date', changed_days()) }};
    insert into {{ applied }} (
        model, trading_date, is_session, open_at, close_at, next_session_date, session_on_or_after_date
    )
    select '{{ this.identifier }}', calendar.*
    from ({{ sessions_of_calendar() }}) as calendar
    where not exists (
        select 1 from {{ applied }} as applied
        where applied.model = '{{ this.identifier }}' and applied.trading_date = calendar.trading_date
    )
{%- endmacro %}


{% macro changed_days() -%}
    select odd.trading_date
    from (
        ({{ sessions_of_calendar() }} except {{ sessions_applied() }})
        union all
        ({{ sessions_applied() }} except {{ sessions_of_calendar() }})
    ) as odd
{%- endmacro %}


{% macro sessions_of_calendar() -%}
    select trading_date, is_session, open_at, close_at, next_session_date, session_on_or_after_date
    from {{ ref('dim_sessions') }}
{%- endmacro %}


{% macro sessions_applied() -%}
    select trading_date, is_session, open_at, close_at, next_session_date, session_on_or_after_date
    from {{ ref('int_sessions__applied') }}
    where model = '{{ this.identifier }}'
{%- endmacro %}
