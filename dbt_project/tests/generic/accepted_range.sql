{#- Values are between min_value and max_value, of which one can be left out. Nulls pass. -#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) -%}
{%- set bounds = [] -%}
{%- set or_equal = '' if inclusive else '=' -%}
{%- if min_value is not none -%} {%- do bounds.append(column_name ~ ' <' ~ or_equal ~ ' ' ~ min_value) -%} {%- endif -%}
{%- if max_value is not none -%} {%- do bounds.append(column_name ~ ' >' ~ or_equal ~ ' ' ~ max_value) -%} {%- endif -%}
select *
from {{ model }}
where {{ bounds | join(' or ') }}
{%- endtest %}
