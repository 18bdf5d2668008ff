{#-
    Incremental by loads, not by time. A model that claims loads keeps in `int_loads__processed` those it has
    read. `claim_new_loads`, its pre-hook, adds the finished loads that are not there yet, marked with this
    invocation; `is_newly_claimed` then reads exactly those. Hook, reading and writing are
    one transaction: a model that is killed has claimed nothing. Loads are listed once in each build, by
    `int_loads__finished`: one that finishes later waits for the next build, one that never does is never read.
-#}

{#-
    sources:   the sources whose loads the model reads, as far as `int_loads__finished` lists them
    upstream:  a model that claims loads itself; its claims, and no others, are handed on.
    A first build or a full refresh forgets what was claimed before. A table, which is built whole each time, claims for
    those after it.
-#}
{% macro claim_new_loads(sources=none, upstream=none) -%}
    {%- set ledger = ref('int_loads__processed') -%}
    {%- if should_full_refresh() or (model.config.materialized == 'incremental' and not is_incremental()) %}
    delete from {{ ledger }} where model = '{{ this.identifier }}';
    {%- endif %}
    insert into {{ ledger }} (model, source, load_id, invocation_id, processed_at)
    select
        '{{ this.identifier }}',
        available.source,
        available.load_id,
        '{{ invocation_id }}',
        {{ dbt.current_timestamp() }}
    from (
        {%- if upstream %}
        select source, load_id from {{ ledger }} where model = '{{ upstream }}'
        {%- endif %}
        {%- if upstream and sources %}
        union all
        {%- endif %}
        {%- if sources %}
        select source_name as source, load_id from {{ ref('int_loads__finished') }}
        where source_name in ('{{ sources | join("', '") }}')
        {%- endif %}
    ) as available
    where not exists (
        select 1 from {{ ledger }} as claimed
        where claimed.model = '{{ this.identifier }}'
            and claimed.source = available.source
            and claimed.load_id = available.load_id
    )
{%- endmacro %}


{#-
    True for rows of the loads that the running model has claimed. Load ids belong to their source, so a model of
    several sources says which column names the source of a row.
-#}
{% macro is_newly_claimed(sources, source_column=none) -%}
    {%- set ledger = ref('int_loads__processed') -%}
    (
        {%- for source_name in sources %}
        {% set loads -%}
            select ledger.load_id from {{ ledger }} as ledger
            where ledger.model = '{{ this.identifier }}'
                and ledger.source = '{{ source_name }}'
                and ledger.invocation_id = '{{ invocation_id }}'
        {%- endset -%}
        {%- if source_column %}{{ source_column }} = '{{ source_name }}' and {% endif -%}
        {{ is_any_of('_dlt_load_id', loads) }}
        {%- if not loop.last %} or{% endif %}
        {%- endfor %}
    )
{%- endmacro %}


{#- True if the running model has claimed any load. -#}
{% macro has_claimed_loads() -%}
    exists (
        select 1 from {{ ref('int_loads__processed') }} as ledger
        where ledger.model = '{{ this.identifier }}' and ledger.invocation_id = '{{ invocation_id }}'
    )
{%- endmacro %}


{#- True for rows of finished loads: for models that are built whole each time. Sources as in `is_newly_claimed`. -#}
{% macro is_finished(sources, source_column=none) -%}
    (
        {%- for source_name in sources %}
        {% set loads -%}
            select load_id from {{ ref('int_loads__finished') }} where source_name = '{{ source_name }}'
        {%- endset -%}
        {%- if source_column %}{{ source_column }} = '{{ source_name }}' and {% endif -%}
        {{ is_any_of('_dlt_load_id', loads) }}
        {%- if not loop.last %} or{% endif %}
        {%- endfor %}
    )
{%- endmacro %}
