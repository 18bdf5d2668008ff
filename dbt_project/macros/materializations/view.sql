{#-
    dbt makes every view anew in each run, and all that stands on it with it. This one leaves a view alone that was made
    from the same SQL, descriptions and grants, and has not been touched since: the view itself carries a digest of
    them (dialect/views.sql). One that was dropped, by hand or with what it reads, is not in dbt's cache, and is made.
-#}
{%- materialization view, default -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set made_from = [sql, model.description, model.columns, config.get('grants'), model.config.persist_docs] -%}
    {%- set digest = local_md5(tojson(made_from, sort_keys=true)) -%}
    {%- set has_hooks = pre_hooks or post_hooks -%}
    {%- if existing and existing.is_view and not has_hooks and not should_full_refresh() and is_made_from(this, digest) -%}
        {%- call noop_statement('main', 'stands', 'STANDS', 0) -%} {{ sql }} {%- endcall -%}
        {{ return({'relations': [existing]}) }}
    {%- endif -%}

    {%- set made = dbt.materialization_view_default() -%}
    {%- do note_made_from(this, digest) -%}
    {{ return(made) }}
{%- endmaterialization -%}
