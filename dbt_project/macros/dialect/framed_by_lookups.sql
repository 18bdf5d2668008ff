{#-
    The same columns as `framed_by_windows`, for those of `bars` with `is_wanted`: each looks up the bars before it by
    the index of `history` on security and number. This is for the few bars of an incremental build, where windows
    would have to go over the year before each. An aggregate meets its rows in the order of the inner query, as a
    window does: both give the same to the last bit.
-#}
{% macro framed_by_lookups(bars, history, market) -%}
    {{ return(adapter.dispatch('framed_by_lookups', 'marketloom')(bars, history, market)) }}
{%- endmacro %}

{% macro default__framed_by_lookups(bars, history, market) -%}
    {%- set recent_length = 64 -%}
    {%- set frames = {'recent': [], 'remote': []} -%}
    {%- for frame in indicator_frames() -%}
        {%- for places in ([0] if frame.length > 1 else []) + frame.before | default([]) -%}
            {%- do frames['recent' if places + frame.length <= recent_length else 'remote'].append({
                'name': frame.name ~ ('_' ~ places ~ '_before' if places else ''),
                'aggregate': frame.aggregate,
                'first': places + frame.length - 1,
                'last': places,
            }) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set recent_bars -%}
        (
            {{ marketed_bars(history, market) }}
            where
                numbered.security_key = bars.security_key
                and numbered.bar_number between bars.bar_number - {{ recent_length }} and bars.bar_number
            order by numbered.bar_number
        ) as recent_bars
    {%- endset -%}
    select
        bars.*
        {%- for frame in frames.recent %},
        recent.{{ frame.name }}
        {%- endfor %}
        {%- for frame in frames.remote %},
        remote.{{ frame.name }}
        {%- endfor %}
    from {{ bars }} as bars
    left join lateral (
        select
            {%- for frame in frames.recent %}
            {{ frame.aggregate }} filter (
                where
                history.bar_number between bars.bar_number - {{ frame.first }} and bars.bar_number - {{ frame.last }}
            ) as {{ frame.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from ({{ stepped_bars(recent_bars) }}) as history
    ) as recent on bars.is_wanted
    left join lateral (
        select
            {%- for frame in frames.remote %}
            {{ frame.aggregate }} filter (
                where
                history.bar_number between bars.bar_number - {{ frame.first }} and bars.bar_number - {{ frame.last }}
            ) as {{ frame.name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from (
            select
                bar_number,
                high_price,
                low_price,
                close_price
            from {{ history }}
            where
                security_key = bars.security_key
                and bar_number between bars.bar_number - {{ frames.remote | map(attribute='first') | max }}
                and bars.bar_number - {{ frames.remote | map(attribute='last') | min }}
            order by bar_number
        ) as history
    ) as remote on bars.is_wanted
{%- endmacro %}
