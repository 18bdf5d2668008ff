{#-
    An action that is new, changed or withdrawn changes all bars of its security before it. Each incremental model that
    adjusts bars, or builds on adjusted ones, keeps in `int_actions__applied` the factors that it has applied, in the
    transaction that applies them: `refactored_securities` gives the securities for which it is to apply others now,
    `note_applied_factors` is its post-hook.

    upstream: the model whose adjusted bars the running model takes over; without it, the factors of today.
-#}
{% macro refactored_securities(upstream=none) -%}
    {%- set applied = factors_applied_by(this.identifier) -%}
    {%- set wanted = factors_applied_by(upstream) if upstream else factors_of_today() -%}
    select changed.security_key
    from (
        ({{ wanted }} except {{ applied }})
        union all
        ({{ applied }} except {{ wanted }})
    ) as changed
{%- endmacro %}


{% macro note_applied_factors(upstream=none) -%}
    {%- set applied = ref('int_actions__applied') -%}
    delete from {{ applied }}
    where model = '{{ this.identifier }}' and {{ is_any_of('security_key', refactored_securities(upstream)) }};
    insert into {{ applied }} (model, security_key, from_date, until_date, split_factor, dividend_factor, known_from)
    select
        '{{ this.identifier }}',
        wanted.*
    from ({{ factors_applied_by(upstream) if upstream else factors_of_today() }}) as wanted
    where not exists (
        select 1 from {{ applied }} as noted
        where noted.model = '{{ this.identifier }}' and noted.security_key = wanted.security_key
    )
{%- endmacro %}


{% macro factors_of_today() -%}
    select security_key, from_date, until_date, split_factor, dividend_factor, known_from
    from {{ ref('int_actions__factored') }}
{%- endmacro %}


{% macro factors_applied_by(model) -%}
    select security_key, from_date, until_date, split_factor, dividend_factor, known_from
    from {{ ref('int_actions__applied') }}
    where model = '{{ model }}'
{%- endmacro %}
