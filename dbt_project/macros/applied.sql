{#-
    Facts are built from things that may come out otherwise later: which company bore a ticker, which actions there were,
    when the exchange was open. Such things are few, so each incremental model keeps those that it has applied in a ledger,
    an `int_<things>__applied`, in the transaction that applies them, and builds anew what differs today. Where nothing
    has changed, all of this reads a handful of rows.

    ledger:   the relation, with a column `model` and those of `columns`, the first of which is the key.
    wanted:   a query of `columns`: what is to be applied now
    among:    a condition: rows of the ledger for which it is false are as they should be, and not in `wanted`.
-#}

{#- The keys whose things the running model has not applied as they are wanted. -#}
{% macro keys_to_apply(ledger, columns, wanted, among='true') -%}
    {%- set applied = applied_by(this.identifier, ledger, columns) ~ ' and ' ~ among -%}
    select changed.{{ columns[0] }}
    from (
        ({{ wanted }} except {{ applied }})
        union all
        ({{ applied }} except {{ wanted }})
    ) as changed
{%- endmacro %}


{#- Post-hook: what the running model has just applied. -#}
{% macro note_applied(ledger, columns, wanted, among='true') -%}
    {%- set key = columns[0] -%}
    delete from {{ ledger }}
    where model = '{{ this.identifier }}' and {{ is_any_of(key, keys_to_apply(ledger, columns, wanted, among)) }};
    insert into {{ ledger }} (model, {{ columns | join(', ') }})
    select
        '{{ this.identifier }}',
        wanted.*
    from ({{ wanted }}) as wanted
    where not exists (
        select 1 from {{ ledger }} as noted
        where noted.model = '{{ this.identifier }}' and noted.{{ key }} = wanted.{{ key }}
    )
{%- endmacro %}


{#- What a model has applied, this one or one whose results it takes over. -#}
{% macro applied_by(model, ledger, columns) -%}
    select {{ columns | join(', ') }} from {{ ledger }} where model = '{{ model }}'
{%- endmacro %}
