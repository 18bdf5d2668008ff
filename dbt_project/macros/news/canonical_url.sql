{% macro canonical_url(column) -%}
    {%- set bare = regexp_replace('trim(' ~ column ~ ')', '^[A-Za-z][A-Za-z0-9+.-]*://([Ww][Ww][Ww][.])?|#.*$', '') -%}
    {%- set place = "split_part(" ~ bare ~ ", '?', 1)" -%}
    {%- set host = "lower(split_part(" ~ place ~ ", '/', 1))" -%}
    {%- set path = regexp_replace(place, '^[^/]*|/+$', '') -%}
    {%- set tracking = '(^|&)(utm_[a-z_]*|at_[a-z_]*|[a-z]*clid|mc_[a-z]*|cmp|cmpid|icid|ncid|ref|ref_src|rss|source|src|partner|guccounter|soc_src|soc_trk|smid|taid|tsrc|yptr|mod|feedtype|feedname)=[^&]*' -%}
    {%- set query = "ltrim(" ~ regexp_replace("split_part(" ~ bare ~ ", '?', 2)", tracking, '') ~ ", '&')" -%}
    case
        when {{ path }} = '' and {{ query }} = '' then null
        else {{ host }} || {{ path }} || case when {{ query }} = '' then '' else '?' || {{ query }} end
    end
{%- endmacro %}
