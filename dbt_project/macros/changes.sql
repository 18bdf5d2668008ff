{#-
    Incremental by changes. A bar changes without being loaded again: a split rewrites all that was before it. So the
    models between the bars and what is made of them number their changes: each row says in which change it became
    what it is (`change_number`), and whoever builds on it reads the rows changed since it last did. A row that is
    gone stays as a shell without values, or nobody would learn of it. `int_changes__followed` keeps who has
    read how far; hook, reading and writing are one transaction: a model that is killed has followed nothing.
-#}

{#- Pre-hook of a model that numbers its changes: the running build makes the next one. -#}
{% macro number_changes() -%}
    {%- set ledger = ref('int_changes__followed') -%}
    insert into {{ ledger }} (model, followed, after_number, change_number)
    select '{{ this.identifier }}', '{{ this.identifier }}', 0, 0
    where not exists (
        select 1 from {{ ledger }} where model = '{{ this.identifier }}' and followed = '{{ this.identifier }}'
    );
    update {{ ledger }} set after_number = change_number, change_number = change_number + 1
    where model = '{{ this.identifier }}' and followed = '{{ this.identifier }}'
{%- endmacro %}


{#- Pre-hook of a model that builds on the changes of another: a first build or a full refresh reads them all. -#}
{% macro follow_changes(followed) -%}
    {%- set ledger = ref('int_changes__followed') -%}
    insert into {{ ledger }} (model, followed, after_number, change_number)
    select '{{ this.identifier }}', '{{ followed }}', 0, 0
    where not exists (
        select 1 from {{ ledger }} where model = '{{ this.identifier }}' and followed = '{{ followed }}'
    );
    update {{ ledger }} set
        after_number = {{ 'change_number' if is_incremental() else 0 }},
        change_number = coalesce(
            (select made.change_number from {{ ledger }} as made where made.model = '{{ followed }}' and made.followed = made.model),
            0
        )
    where model = '{{ this.identifier }}' and followed = '{{ followed }}'
{%- endmacro %}


{#- What `touched`, a table of what each change of the running model touched, no longer has to keep: all have read it. A
    shared one tells of several models. -#}
{% macro forget_what_all_have_followed(touched, is_shared=false) -%}
    delete from {{ touched }}
    where {% if is_shared %}model = '{{ this.identifier }}' and {% endif %}change_number <= (
        select min(ledger.change_number) from {{ ref('int_changes__followed') }} as ledger
        where ledger.followed = '{{ this.identifier }}' and ledger.model != '{{ this.identifier }}'
    )
{%- endmacro %}


{#- The number of the change that the running build makes. -#}
{% macro this_change() -%}
    (
        select ledger.change_number from {{ ref('int_changes__followed') }} as ledger
        where ledger.model = '{{ this.identifier }}' and ledger.followed = '{{ this.identifier }}'
    )
{%- endmacro %}


{#- The number after which the changes of `followed` are news to the running model. -#}
{% macro last_followed(followed) -%}
    (
        select ledger.after_number from {{ ref('int_changes__followed') }} as ledger
        where ledger.model = '{{ this.identifier }}' and ledger.followed = '{{ followed }}'
    )
{%- endmacro %}
