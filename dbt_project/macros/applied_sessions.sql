{#-
    A change of the exchange's calendar, for days to come or for a day on which it closed unexpectedly, moves the
    stories of those days: models that place stories in sessions note the calendar they have applied.
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
    {{ note_applied(ref('int_sessions__applied'), columns_of_sessions(), sessions_to_apply()) }}
{%- endmacro %}


{% macro changed_days() -%}
    {{ keys_to_apply(ref('int_sessions__applied'), columns_of_sessions(), sessions_to_apply()) }}
{%- endmacro %}


{% macro sessions_to_apply() -%}
    select {{ columns_of_sessions() | join(', ') }} from {{ ref('dim_sessions') }}
{%- endmacro %}


{% macro columns_of_sessions() -%}
    {{ return(['trading_date', 'is_session', 'open_at', 'close_at', 'next_session_date', 'session_on_or_after_date']) }}
{%- endmacro %}
