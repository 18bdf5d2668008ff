-- Which securities had risen most at the end of each month? The ranking uses bars, restatements and splits known at the
-- open of the next session, when one could act on it.
with sessions as (
    select * from {{ ref('dim_sessions') }}
    where is_session
),

spans as (
    select
        min(trading_date) as first_date,
        max(trading_date) as last_date
    from {{ ref('fct_daily_bars') }}
),

month_ends as (
    select max(sessions.trading_date) as trading_date
    from sessions
    inner join spans on sessions.trading_date between spans.first_date and spans.last_date
    group by date_trunc('month', sessions.trading_date)
),

decisions as (
    select
        month_ends.trading_date as month_end,
        next_sessions.open_at as decided_at
    from month_ends
    inner join sessions on month_ends.trading_date = sessions.trading_date
    inner join sessions as next_sessions on sessions.next_session_date = next_sessions.trading_date
),

known as (
    select
        decisions.month_end,
        decisions.decided_at,
        bars.ticker,
        bars.trading_date,
        first_value(bars.close_price) over months as first_close_price,
        last_value(bars.close_price) over months as last_close_price,
        max(bars.trading_date) over months as last_date,
        max(bars.known_from) over months as known_from
    from decisions
    cross join lateral {{ function('daily_bars_adjusted_as_of') }}(decisions.decided_at) as bars
    where bars.trading_date between decisions.month_end - 31 and decisions.month_end
    window months as (
        partition by decisions.month_end, bars.security_key order by bars.trading_date
        rows between unbounded preceding and unbounded following
    )
),

ranked as (
    select
        month_end,
        decided_at,
        ticker,
        last_close_price / nullif(first_close_price, 0) - 1 as one_month_return,
        known_from,
        rank() over (
            partition by month_end order by last_close_price / nullif(first_close_price, 0) desc nulls last
        ) as momentum_rank
    from known
    where trading_date = last_date
)

select
    month_end,
    momentum_rank,
    ticker,
    one_month_return,
    known_from,
    decided_at
from ranked
where momentum_rank <= 10
order by month_end, momentum_rank, ticker
