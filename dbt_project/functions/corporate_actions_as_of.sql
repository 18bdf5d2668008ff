{%- set actions = ref('fct_corporate_actions') %}

-- Companies with one ticker and companies with several are chosen apart: then a condition on the ticker, by which the
-- former are grouped, is applied before anything is computed.

with known as (
    select * from {{ actions }}
    where {{ is_known_at('as_of') }}
),

known_of_one_ticker as (
    select * from {{ actions }}
    where {{ is_known_at('as_of') }} and not has_several_tickers
),

known_of_several_tickers as (
    select * from {{ actions }}
    where {{ is_known_at('as_of') }} and has_several_tickers
),

chosen as (
    ({{ chosen_actions('known_of_one_ticker', company=['security_key', 'ticker']) | indent(4) }})
    union all
    ({{ chosen_actions('known_of_several_tickers', company=['security_key']) | indent(4) }})
)

select
    known.action_key,
    known.security_key,
    known.ticker,
    known.action_kind,
    known.ex_date,
    known.split_from,
    known.split_to,
    known.cash_amount,
    known.currency_code,
    known.dividend_type,
    known.declared_date,
    known.record_date,
    known.pay_date,
    known.provider,
    known.provider_priority,
    known.is_inferred,
    known.has_several_tickers,
    chosen.action_key is not null as is_chosen,
    known.known_from,
    cast(null as {{ type_timestamp_tz() }}) as known_to
from known
left join chosen
    on
        known.action_key = chosen.action_key
        and known.security_key = chosen.security_key
        and known.ticker = chosen.ticker
