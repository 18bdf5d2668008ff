{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='security_key',
        indexes=[{'columns': ['security_key', 'until_date'], 'unique': true}],
        pre_hook=[
            "{{ claim_new_loads(upstream='fct_daily_bars') }}",
            "{{ number_changes() }}",
            "{{ follow_changes('fct_corporate_actions') }}",
            "{{ touch_factors() }}",
        ],
        post_hook="{{ note_applied_bearers(upstream='fct_daily_bars') }}",
    )
}}

-- Factors change at ex dates only: one row for each span between two of them.

with actions as (
    select * from {{ ref('fct_corporate_actions') }}
    where
        is_chosen
        {%- if is_incremental() %}
        and {{ is_any_of('security_key', touched_securities(this.identifier, '= ' ~ this_change())) }}
        {%- endif %}
),

factored as (
    {{ factored_actions('actions', ref('fct_daily_bars'), is_indexed=true) }}
)

select
    security_key,
    from_date,
    until_date,
    split_factor,
    dividend_factor,
    is_dividend_refused,
    known_from
from factored
