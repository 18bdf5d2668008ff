{#-
    The first session whose closing (or opening) is later than a moment: `day` is the row of dim_sessions for the
    moment's date in New York. At the stroke of the bell it is too late, so the next session counts. Null outside
    the calendar. Sessions open and close within their own date in New York, so one equality join finds the row.
-#}
{% macro first_session_closing_after(moment, day) -%}
    case when {{ day }}.is_session and {{ moment }} < {{ day }}.close_at then {{ day }}.trading_date else {{ day }}.next_session_date end
{%- endmacro %}


{% macro first_session_opening_after(moment, day) -%}
    case when {{ day }}.is_session and {{ moment }} < {{ day }}.open_at then {{ day }}.trading_date else {{ day }}.next_session_date end
{%- endmacro %}
