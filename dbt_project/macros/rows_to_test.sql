{#-
    What a data test reads. `dbt test` reads all rows. In `dbt build`, where tests run every day, a test of rows reads
    those that were written since all tests of their table last passed, however much history stands beside them:
    of tables that are built incrementally, the rows whose keys the database has noted (dialect/rows_to_test.sql); of the
    staging views, those of loads that no passed test has read (`int_loads__processed`, under the view's name).
    What has not passed, or was never reached because a build was killed, is read again by the next. A table
    that is new or was refreshed fully is read whole.
-#}

{#- dbt's own hook: what stands for `model` in a generic test. -#}
{% macro get_where_subquery(relation) -%}
    {%- set sources = sources_of_tested_rows() -%}
    {%- set is_about_groups = model.test_metadata.name in columns_of_groups() -%}
    {%- if is_about_groups and not has_whole_groups(relation) -%}
        {#- One row says nothing about these. -#}
        {%- set rows = relation -%}
    {%- elif sources -%}
        {%- set rows = rows_of_untested_loads(relation, sources) -%}
    {%- else -%}
        {%- set keys = keys_to_test(relation) -%}
        {%- set is_empty = keys and adapter.dispatch('is_empty', 'marketloom')(keys) -%}
        {%- set rows = no_rows_of(relation, keys ~ ', which is empty') if is_empty else rows_to_test(relation) -%}
    {%- endif -%}
    {%- if config.get('where') -%}
        {%- set rows = '(select * from ' ~ rows ~ ' where ' ~ config.get('where') ~ ') as dbt_subquery' -%}
    {%- endif -%}
    {%- do return(rows) -%}
{%- endmacro %}


{#- Tests that compare rows, and their argument that says which rows: none where it is all of them. -#}
{% macro columns_of_groups() -%}
    {{ return({
        'unique': 'column_name', 'unique_together': 'columns', 'follows_without_gap': 'key', 'no_overlap': 'keys',
        'has_rows': none
    }) }}
{%- endmacro %}


{#- True where all rows that the running test compares have one noted key, so that they are read together or not at all. That
    no two are alike is left to the index of a table: where it is missing, more may be. -#}
{% macro has_whole_groups(relation) -%}
    {%- set test_name = model.test_metadata.name -%}
    {%- set columns = model.test_metadata.kwargs.get(columns_of_groups()[test_name], []) -%}
    {%- set columns = [columns] if columns is string else columns -%}
    {%- set node = keyed_model(relation.identifier) if execute -%}
    {%- set is_left_to_index = test_name.startswith('unique') and node and node.alias == relation.identifier -%}
    {{ return(node and not is_left_to_index and key_of_rows(node) | reject('in', columns) | list | length == 0) }}
{%- endmacro %}


{#- The rows of a model that its tests have to read, as something to select from; singular tests use it too. -#}
{% macro rows_to_test(relation) -%}
    {%- set keys = keys_to_test(relation) -%}
    {%- if not keys -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set rows -%}
        (
            select built.* from {{ keys }} as noted
            {{ looked_up(relation, 'built', is_same('built', 'noted', key_of_rows(keyed_model(relation.identifier)))) }}
        ) as rows_to_test
    {%- endset -%}
    {{ return(rows) }}
{%- endmacro %}


{#- The table of the keys of those rows, and of rows deleted since; none where all rows have to be read. -#}
{% macro keys_to_test(relation) -%}
    {%- set node = keyed_model(relation.identifier) if execute and not reads_all_rows() -%}
    {%- if node -%}
        {{ return(adapter.dispatch('noted_keys', 'marketloom')(relation_of(node), key_of_rows(node))) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}


{#- The incremental model that replaces the rows of a relation by their keys: of the relation's own name or, where a view
    only shows rows of it, named by the view (`meta: rows_of`); none for other models. -#}
{% macro keyed_model(name) -%}
    {%- set node = graph.nodes.get('model.' ~ project_name ~ '.' ~ name) -%}
    {%- if node and node.config.meta.rows_of -%}
        {{ return(keyed_model(node.config.meta.rows_of)) }}
    {%- endif -%}
    {{ return(node if node and node.config.materialized == 'incremental' and node.config.unique_key else none) }}
{%- endmacro %}


{% macro key_of_rows(node) -%}
    {{ return([node.config.unique_key] if node.config.unique_key is string else node.config.unique_key) }}
{%- endmacro %}


{% macro relation_of(node) -%}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias, type='table')) }}
{%- endmacro %}


{% macro reads_all_rows() -%}
    {{ return(flags.WHICH != 'build' or flags.FULL_REFRESH or target.name == 'as_of') }}
{%- endmacro %}


{#- The sources of the model that the running test is about, if its rows carry the loads they came with. -#}
{% macro sources_of_tested_rows() -%}
    {%- set found = modules.re.search("ref\\(['\"](\\w+)['\"]", model.test_metadata.kwargs.model) -%}
    {{ return(sources_of_rows(found.group(1)) if found else []) }}
{%- endmacro %}


{% macro sources_of_rows(model_name) -%}
    {%- if model_name == 'int_bars__unioned' -%}
        {{ return(bar_providers()) }}
    {%- endif -%}
    {%- set source_name, _, entity = model_name.partition('__') -%}
    {%- set source_name = source_name | replace('stg_', '') -%}
    {{ return([source_name] if model_name.startswith('stg_') and entity != 'loads' else []) }}
{%- endmacro %}


{#- The rows of a model that came with loads which no passed test has read. -#}
{% macro rows_of_untested_loads(relation, sources) -%}
    {%- set finished = ref('int_loads__finished') -%}
    {%- set processed = ref('int_loads__processed') -%}
    {%- if not execute or reads_all_rows() or not load_relation(finished) or not load_relation(processed) -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set untested = sources_of_untested_loads(finished, processed) -%}
    {%- if untested.get(relation.identifier, untested.get('', [])) | select('in', sources) | list | length == 0 -%}
        {{ return(no_rows_of(relation, 'tests of every _dlt_load_id')) }}
    {%- elif relation.identifier not in untested -%}
        {{ return(relation) }}
    {%- endif -%}
    {%- set of_view = "from " ~ processed ~ " as tested where tested.model = '" ~ relation.identifier ~ "'" -%}
    {%- set rows -%}
        (
            select * from {{ relation }}
            where
                {%- for source_name in sources %}
                {% set loads -%}
                    select finished.load_id from {{ finished }} as finished
                    where finished.source_name = '{{ source_name }}' and not exists (
                        select 1 {{ of_view }} and tested.source = finished.source_name
                            and tested.load_id = finished.load_id
                    )
                {%- endset -%}
                {%- if sources | length > 1 %}provider = '{{ source_name }}' and {% endif -%}
                {{ is_any_of('_dlt_load_id', loads) }}
                {%- if not loop.last %} or{% endif %}
                {%- endfor %}
        ) as rows_of_untested_loads
    {%- endset -%}
    {{ return(rows) }}
{%- endmacro %}


{#- Of each model of which loads were tested before: the sources that have loads which were not; and under '', all
    sources that have loads. -#}
{% macro sources_of_untested_loads(finished, processed) -%}
    {%- if 'untested loads' not in remembered() -%}
        {%- set query -%}
            select models.model, finished.source_name
            from (select distinct model from {{ processed }}) as models
            left join {{ finished }} as finished on not exists (
                select 1 from {{ processed }} as tested
                where tested.model = models.model and tested.source = finished.source_name
                    and tested.load_id = finished.load_id
            )
            group by models.model, finished.source_name
            union all
            select distinct '', source_name from {{ finished }}
        {%- endset -%}
        {%- set found = {} -%}
        {%- for model_name, source_name in run_query(query).rows -%}
            {%- do found.setdefault(model_name or '', []).append(source_name) -%}
        {%- endfor -%}
        {%- do remembered().update({'untested loads': found}) -%}
    {%- endif -%}
    {{ return(remembered()['untested loads']) }}
{%- endmacro %}


{#- At the end of a run: what all tests of a model have read and found good need not be read again. -#}
{% macro note_what_passed(results) -%}
    {%- if execute and flags.WHICH in ['build', 'test'] and target.name != 'as_of' -%}
        {%- set passed = results | selectattr('status', 'equalto', 'pass') | map(attribute='node.unique_id') | list -%}
        {%- set tests = graph.nodes.values() | selectattr('resource_type', 'equalto', 'test') | list -%}
        {%- set good, doubtful = [], [] -%}
        {%- for test in tests -%}
            {%- for tested in test.depends_on.nodes if tested in graph.nodes -%}
                {%- set model_name = graph.nodes[tested].config.meta.rows_of or graph.nodes[tested].name -%}
                {%- do (good if test.unique_id in passed else doubtful).append(model_name) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- set tables = [] -%}
        {%- for model_name in good | unique if model_name not in doubtful -%}
            {%- for source_name in sources_of_rows(model_name) %}
                {{ note_tested_loads(model_name, source_name) }}
            {%- endfor -%}
            {%- if keyed_model(model_name) -%}
                {%- do tables.append(keyed_model(model_name)) -%}
            {%- endif -%}
        {%- endfor %}
        {{ adapter.dispatch('note_tested_rows', 'marketloom')(tables) }}
    {%- endif -%}
{%- endmacro %}


{% macro note_tested_loads(model_name, source_name) -%}
    {%- set intermediate = graph.nodes['model.' ~ project_name ~ '.int_loads__processed'].schema -%}
    insert into {{ intermediate }}.int_loads__processed (model, source, load_id, invocation_id, processed_at)
    select '{{ model_name }}', finished.source_name, finished.load_id, '{{ invocation_id }}', {{ dbt.current_timestamp() }}
    from {{ intermediate }}.int_loads__finished as finished
    where finished.source_name = '{{ source_name }}' and not exists (
        select 1 from {{ intermediate }}.int_loads__processed as tested
        where tested.model = '{{ model_name }}' and tested.source = finished.source_name
            and tested.load_id = finished.load_id
    );
{%- endmacro %}


{#- The condition of a test that has nothing to read, with what holds it instead; rows to test that are none; and whether
    the SQL of a test has such a condition. -#}
{% macro nothing_to_read(held_by) -%} false /* held by {{ held_by }} */ {%- endmacro %}

{% macro no_rows_of(relation, held_by) -%}
    {{ return('(select * from ' ~ relation ~ ' where ' ~ nothing_to_read(held_by) ~ ') as no_rows') }}
{%- endmacro %}

{% macro is_nothing_to_read(sql) -%} {{ return(nothing_to_read('').split(' */')[0] in sql) }} {%- endmacro %}


{#- What the database itself enforces needs no reading: the name of what holds it, in a build, or none. -#}
{% macro what_holds_not_null(column_name) -%}
    {%- set relation = tested_table() -%}
    {{ return('not null' if relation and column_name in what_is_held(relation).not_null else none) }}
{%- endmacro %}


{#- As above for columns that are unique together: a valid unique index on some or all of them. Only rows with a null in
    those of its columns that are nullable may still be alike. -#}
{% macro what_holds_unique(columns) -%}
    {%- set relation = tested_table() -%}
    {%- for held in what_is_held(relation).unique if held.columns | reject('in', columns) | list | length == 0 -%}
        {{ return(held) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}


{#- The columns of a table that are never null and its unique indexes, the strictest first: asked once an invocation. -#}
{% macro what_is_held(relation) -%}
    {%- if not relation -%}
        {{ return({'not_null': [], 'unique': []}) }}
    {%- endif -%}
    {%- set place = 'held of ' ~ relation -%}
    {%- if place not in remembered() -%}
        {%- do remembered().update({place: adapter.dispatch('what_is_held', 'marketloom')(relation)}) -%}
    {%- endif -%}
    {{ return(remembered()[place]) }}
{%- endmacro %}


{#- The table that the running test is about, if the test need not read all of it. -#}
{% macro tested_table() -%}
    {%- set node = graph.nodes.get(model.attached_node) if execute -%}
    {%- if not node or flags.WHICH != 'build' or node.config.materialized == 'view' -%}
        {{ return(none) }}
    {%- endif -%}
    {{ return(relation_of(node)) }}
{%- endmacro %}


{#- On other databases all rows are read, and nothing is known to be held. -#}
{% macro default__noted_keys(relation, key) -%} {{ return(none) }} {%- endmacro %}
{% macro default__note_tested_rows(nodes) -%} {%- endmacro %}
{% macro default__is_empty(keys) -%} {{ return(false) }} {%- endmacro %}
{% macro default__what_is_held(relation) -%} {{ return({'not_null': [], 'unique': []}) }} {%- endmacro %}
