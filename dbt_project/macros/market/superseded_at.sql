{% macro superseded_at(versions, assigned) -%}
    case
        when {{ assigned }}.ticker_count > 1
            then (
                select min(other_bars.known_from)
                from (select * from {{ ref('int_tickers__assigned') }}) as other_tickers
                inner join (select * from {{ ref('int_bars__versioned') }}) as other_bars
                    on {{ is_assigned_on('other_tickers', 'other_bars.ticker', 'other_bars.trading_date') }}
                where
                    other_tickers.security_key = {{ assigned }}.security_key
                    and other_tickers.is_exception
                    and not other_tickers.is_deleted
                    and other_bars.trading_date = {{ versions }}.trading_date
                    and {{ is_preferred_ticker('other_tickers', assigned, versions ~ '.trading_date') }}
            )
    end
{%- endmacro %}
