{% macro type_timestamp_tz() -%} {{ return(adapter.dispatch('type_timestamp_tz', 'marketloom')()) }} {%- endmacro %}

{% macro postgres__type_timestamp_tz() -%} timestamp with time zone {%- endmacro %}

{% macro type_double() -%} {{ return(adapter.dispatch('type_double', 'marketloom')()) }} {%- endmacro %}

{% macro postgres__type_double() -%} double precision {%- endmacro %}
