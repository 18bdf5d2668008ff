{% macro first_session_closing_after(moment, day) -%}
    case when {{ day }}.is_session and {{ moment }} < {{ day }}.close_at then {{ day }}.trading_date else {{ day }}.next_session_date end
{%- endmacro %}

{% macro first_session_opening_after(moment, day) -%}
    case when {{ day }}.is_session and {{ moment }} < {{ day }}.open_at then {{ day }}.trading_date else {{ day }}.next_session_date end
{%- endmacro %}
