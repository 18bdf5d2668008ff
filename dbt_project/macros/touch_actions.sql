{#-
    From statement to factor, actions are made anew only where something has changed. Each of the three models on the way
    notes in `int_actions__touched` what it makes anew in its change, before it does, and deletes the rows of that; it
    then selects them again and appends them. These are their pre-hooks. A full build touches everything there is, and
    everything whose factors have been applied before.
-#}

{#- int_actions__stated: the providers and tickers that new loads speak of. A row without ticker says that all are. -#}
{% macro touch_statements() -%}
    {%- set touched = ref('int_actions__touched') -%}
    {{ forget_what_all_have_followed(touched, is_shared=true) }};
    insert into {{ touched }} (model, provider, ticker, change_number)
    {%- if is_incremental() %}
    select
        '{{ this.identifier }}',
        spoken_of.provider,
        spoken_of.ticker,
        {{ this_change() }}
    from (
        select 'alpha_vantage' as provider, {{ normalised_ticker('ticker') }} as ticker
        from {{ ref('stg_alpha_vantage__daily') }}
        where {{ is_newly_claimed(['alpha_vantage']) }}
        union
        select 'pystock' as provider, ticker
        from {{ ref('int_actions__inferred') }}
        where {{ is_newly_claimed(['pystock']) }}
    ) as spoken_of;
    delete from {{ this }}
    where (provider, ticker) in (
        select touched.provider, touched.ticker from {{ touched }} as touched
        where touched.model = '{{ this.identifier }}' and touched.change_number = {{ this_change() }}
    )
    {%- else %}
    select '{{ this.identifier }}', null, null, {{ this_change() }}
    {%- endif %}
{%- endmacro %}


{#-
    fct_corporate_actions: the securities of tickers of which something else is stated, listed or known now, with all their
    tickers, since what counts of a security depends on all that is told of it.
-#}
{% macro touch_actions() -%}
    {%- set touched = ref('int_actions__touched') -%}
    {%- set versioned = ref('int_actions__versioned') -%}
    {%- set stated_anew -%}
        from {{ touched }} as stated
        where stated.model = 'int_actions__stated' and stated.change_number > {{ last_followed('int_actions__stated') }}
    {%- endset -%}
    {{ forget_what_all_have_followed(touched, is_shared=true) }};
    insert into {{ touched }} (model, ticker, security_key, change_number)
    {%- if is_incremental() %}
    with tickers as (
        select stated.ticker {{ stated_anew }}
        union
        {{ rekeyed_tickers() }}
        union
        -- A list may leave out what the one before it had.
        select listed.ticker
        from (
            (
                select ticker, action_key, known_to from {{ versioned }} where provider = 'polygon'
                except
                select ticker, action_key, known_to from {{ this }} where provider = 'polygon'
            )
            union all
            (
                select ticker, action_key, known_to from {{ this }} where provider = 'polygon'
                except
                select ticker, action_key, known_to from {{ versioned }} where provider = 'polygon'
            )
        ) as listed
        where {{ has_claimed_loads() }}
        union
        select everything.ticker
        from (
            select ticker from {{ this }}
            union
            select ticker from {{ versioned }}
        ) as everything
        where exists (select 1 {{ stated_anew }} and stated.ticker is null)
    ),

    found as (
        select versioned.ticker, versioned.security_key
        from {{ versioned }} as versioned
        where versioned.ticker in (select tickers.ticker from tickers)
        union
        select told.ticker, told.security_key
        from {{ this }} as told
        where told.ticker in (select tickers.ticker from tickers)
    ),

    companies as (
        select * from found
        union
        select told.ticker, told.security_key
        from {{ this }} as told
        where told.security_key in (select found.security_key from found)
    )

    select '{{ this.identifier }}', companies.ticker, companies.security_key, {{ this_change() }}
    from companies;
    delete from {{ this }}
    where {{ is_any_of('security_key', touched_securities(this.identifier, '= ' ~ this_change())) }}
    {%- else %}
    select '{{ this.identifier }}', everything.ticker, everything.security_key, {{ this_change() }}
    from (
        select ticker, security_key from {{ versioned }}
        union
        select null, security_key from {{ ref('int_actions__applied') }}
    ) as everything
    {%- endif %}
{%- endmacro %}


{#-
    int_actions__factored: the securities whose actions were told anew, those with a new bar that is the last close before
    an action or the one that an announced action has waited for, and those whose bars are another company's after all.
-#}
{% macro touch_factors() -%}
    {%- set touched = ref('int_actions__touched') -%}
    {%- set actions = ref('fct_corporate_actions') -%}
    {%- set keys = ref('int_tickers__applied') -%}
    {%- set new_bars = newly_claimed_bars() -%}
    {%- set last_until_date -%}
        select max(factored.until_date) from {{ this }} as factored where factored.security_key = bars.security_key
    {%- endset -%}
    {%- set depends_on_bar -%}
        actions.security_key = bars.security_key
        and actions.is_chosen
        and actions.ex_date > least(bars.trading_date, coalesce(({{ last_until_date }}), cast('0001-01-01' as date)))
        and actions.ex_date <= {{ dbt.dateadd('day', var('days_to_last_close'), 'bars.trading_date') }}
    {%- endset -%}
    {{ forget_what_all_have_followed(touched, is_shared=true) }};
    insert into {{ touched }} (model, security_key, change_number)
    select '{{ this.identifier }}', securities.security_key, {{ this_change() }}
    from (
        {%- if is_incremental() %}
        {{ touched_securities('fct_corporate_actions', '> ' ~ last_followed('fct_corporate_actions')) }}
        union
        select actions.security_key
        from ({{ new_bars }}) as claimed
        {{ looked_up(ref('fct_daily_bars'), 'bars', is_same('bars', 'claimed', ['ticker', 'trading_date'])) }}
        {{ looked_up(actions, 'actions', depends_on_bar) }}
        union
        select {{ security_key('rekeyed.ticker') }}
        from ({{ rekeyed_tickers(upstream='fct_daily_bars') }}) as rekeyed
        union
        select noted.security_key
        from {{ keys }} as noted
        where
            noted.model in ('{{ this.identifier }}', 'fct_daily_bars')
            and noted.ticker in ({{ rekeyed_tickers(upstream='fct_daily_bars') }})
        {%- else %}
        select security_key from {{ actions }} where is_chosen
        union
        select security_key from {{ ref('int_actions__applied') }}
        {%- endif %}
    ) as securities
    {%- if is_incremental() %};
    delete from {{ this }}
    where {{ is_any_of('security_key', touched_securities(this.identifier, '= ' ~ this_change())) }}
    {%- endif %}
{%- endmacro %}


{#- The securities that `model` has touched in the changes whose numbers fit, such as '> 3'. -#}
{% macro touched_securities(model, changes) -%}
    select touched.security_key
    from {{ ref('int_actions__touched') }} as touched
    where touched.model = '{{ model }}' and touched.change_number {{ changes }}
{%- endmacro %}
