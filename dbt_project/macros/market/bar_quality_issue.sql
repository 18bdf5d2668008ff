{% macro bar_quality_issue(open='open', high='high', low='low', close='close', volume='volume', adjusted=none) -%}
    case
        when {{ open }} is null or {{ high }} is null or {{ low }} is null or {{ close }} is null then 'price missing'
        when {{ open }} <= 0 or {{ high }} <= 0 or {{ low }} <= 0 or {{ close }} <= 0 then 'price not positive'
        when {{ low }} > {{ high }} then 'low above high'
        when {{ open }} not between {{ low }} and {{ high }} then 'open outside low to high'
        when {{ close }} not between {{ low }} and {{ high }} then 'close outside low to high'
        when {{ volume }} is null then 'volume missing'
        when {{ volume }} < 0 then 'volume negative'
        {%- if adjusted %}
        when {{ adjusted }} then 'adjusted for splits, not as traded'
        {%- endif %}
    end
{%- endmacro %}
