-- The marts that hold the bulk of a warehouse, as one script by hand: what dbt makes of the same rows, without what only
-- dbt needs (loads processed, changes followed, tests). It reads the staging views, and the small tables of companies,
-- actions and news that dbt has made; everything large it makes itself, each table first and its keys after.

create table reference.fct_daily_bar_versions as
-- Of several deliveries at one moment the last counts.
with deliveries as (
    select distinct on (ticker, trading_date, provider, received_at)
        ticker, trading_date, provider, received_at, open_price, high_price, low_price, close_price, volume, vwap_price,
        transaction_count, suspicion
    from intermediate.int_bars__unioned
    order by ticker, trading_date, provider, received_at, response_id desc, row_in_response desc
),

compared as (
    select
        *,
        row(open_price, high_price, low_price, close_price, volume, vwap_price, transaction_count, suspicion)
            is distinct from
            lag(row(open_price, high_price, low_price, close_price, volume, vwap_price, transaction_count, suspicion))
                over deliveries_in_order as is_version
    from deliveries
    window deliveries_in_order as (partition by ticker, trading_date, provider order by received_at)
),

versions as (
    select
        *,
        row_number() over versions_in_order as version_number,
        lag(open_price) over versions_in_order as earlier_open_price,
        lag(high_price) over versions_in_order as earlier_high_price,
        lag(low_price) over versions_in_order as earlier_low_price,
        lag(close_price) over versions_in_order as earlier_close_price,
        lag(volume) over versions_in_order as earlier_volume,
        lag(vwap_price) over versions_in_order as earlier_vwap_price,
        lag(transaction_count) over versions_in_order as earlier_transaction_count,
        received_at as known_from,
        lead(received_at) over versions_in_order as known_to
    from compared
    where is_version
    window versions_in_order as (partition by ticker, trading_date, provider order by received_at)
),

measured as (
    select
        *,
        version_number > 1 and (
            open_price is distinct from earlier_open_price
            or high_price is distinct from earlier_high_price
            or low_price is distinct from earlier_low_price
            or close_price is distinct from earlier_close_price
            or vwap_price is distinct from earlier_vwap_price
        ) as has_new_price,
        version_number > 1 and (
            volume is distinct from earlier_volume or transaction_count is distinct from earlier_transaction_count
        ) as has_new_volume,
        greatest(
            coalesce(abs(open_price - earlier_open_price) / nullif(abs(earlier_open_price), 0), 0),
            coalesce(abs(high_price - earlier_high_price) / nullif(abs(earlier_high_price), 0), 0),
            coalesce(abs(low_price - earlier_low_price) / nullif(abs(earlier_low_price), 0), 0),
            coalesce(abs(close_price - earlier_close_price) / nullif(abs(earlier_close_price), 0), 0)
        ) as price_change,
        abs(volume - earlier_volume) / nullif(abs(earlier_volume), 0) as volume_change_share
    from versions
)

select
    coalesce(
        bearers.security_key, cast(cast('x' || substring(md5(measured.ticker) from 1 for 16) as bit(64)) as bigint)
    ) as security_key,
    measured.ticker,
    measured.trading_date,
    measured.provider,
    cast(measured.version_number as integer) as version_number,
    measured.open_price,
    measured.high_price,
    measured.low_price,
    measured.close_price,
    measured.volume,
    measured.vwap_price,
    measured.transaction_count,
    case
        when measured.has_new_price and measured.has_new_volume then 'both'
        when measured.has_new_price then 'price'
        when measured.has_new_volume then 'volume'
        when measured.version_number > 1 then 'flag'
    end as restatement_kind,
    case when measured.has_new_price then nullif(measured.price_change, 0) end as largest_price_change,
    case when measured.has_new_volume then nullif(measured.volume_change_share, 0) end as volume_change,
    coalesce(priorities.priority, 1000) as provider_priority,
    measured.suspicion is not null as is_suspect,
    cast(null as timestamptz) as set_aside_from,
    measured.known_from,
    measured.known_to,
    measured.known_to is null as is_current
from measured
left join intermediate.provider_priorities as priorities on measured.provider = priorities.provider
left join intermediate.int_tickers__borne as bearers
    on
        bearers.is_exception
        and measured.ticker = bearers.ticker
        and (bearers.from_date is null or measured.trading_date >= bearers.from_date)
        and (bearers.until_date is null or measured.trading_date < bearers.until_date);

alter table reference.fct_daily_bar_versions
add primary key (security_key, trading_date, ticker, provider, version_number);
create unique index on reference.fct_daily_bar_versions (ticker, trading_date, provider, version_number);
create index on reference.fct_daily_bar_versions (trading_date, known_from);
analyze reference.fct_daily_bar_versions;

-- Of the bars that a company has under several tickers on one date, those under the ticker that it bore then count.
update reference.fct_daily_bar_versions as versions
set set_aside_from = doubled.set_aside_from
from (
    select bars.ticker, bars.trading_date, min(others_bars.known_from) as set_aside_from
    from reference.fct_daily_bar_versions as bars
    inner join intermediate.int_tickers__borne as own
        on
            own.is_exception
            and bars.ticker = own.ticker
            and (own.from_date is null or bars.trading_date >= own.from_date)
            and (own.until_date is null or bars.trading_date < own.until_date)
    inner join intermediate.int_tickers__borne as others
        on others.is_exception and own.security_key = others.security_key and own.ticker != others.ticker
    inner join reference.fct_daily_bar_versions as others_bars
        on
            bars.trading_date = others_bars.trading_date
            and others_bars.ticker = others.ticker
            and (others.from_date is null or others_bars.trading_date >= others.from_date)
            and (others.until_date is null or others_bars.trading_date < others.until_date)
    where
        (others.ticker_number > own.ticker_number and others.taken_date <= bars.trading_date)
        or (others.ticker_number < own.ticker_number and own.taken_date > bars.trading_date)
    group by bars.ticker, bars.trading_date
) as doubled
where versions.ticker = doubled.ticker and versions.trading_date = doubled.trading_date;

create table reference.fct_daily_bars as
select
    security_key,
    ticker,
    trading_date,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    vwap_price,
    transaction_count,
    provider,
    cast(provider_count as integer) as provider_count,
    version_number as version_count,
    case when sound_count > 1 then highest_close / lowest_close - 1 end as close_disagreement,
    coalesce(sound_count > 1 and highest_close / lowest_close - 1 > 0.005, false) as is_disputed,
    is_suspect,
    known_from
from (
    select
        *,
        row_number() over (
            partition by security_key, ticker, trading_date
            order by case when is_suspect then 1 else 0 end, provider_priority, provider
        ) as choice_number,
        count(*) over bars as provider_count,
        count(*) filter (where not is_suspect and close_price is not null) over bars as sound_count,
        max(close_price) filter (where not is_suspect) over bars as highest_close,
        min(close_price) filter (where not is_suspect) over bars as lowest_close
    from reference.fct_daily_bar_versions
    where is_current and set_aside_from is null
    window bars as (partition by security_key, ticker, trading_date)
) as chosen
where choice_number = 1
order by security_key, trading_date;

alter table reference.fct_daily_bars add primary key (security_key, trading_date);
create index on reference.fct_daily_bars (ticker, trading_date);
create index on reference.fct_daily_bars (trading_date);
analyze reference.fct_daily_bars;

create table reference.fct_daily_bars_adjusted as
select
    bars.security_key,
    bars.ticker,
    bars.trading_date,
    bars.open_price * coalesce(factors.split_factor, 1) as open_price,
    bars.high_price * coalesce(factors.split_factor, 1) as high_price,
    bars.low_price * coalesce(factors.split_factor, 1) as low_price,
    bars.close_price * coalesce(factors.split_factor, 1) as close_price,
    bars.volume / coalesce(factors.split_factor, 1) as volume,
    bars.close_price * coalesce(factors.split_factor, 1) * coalesce(factors.dividend_factor, 1)
        as total_return_close_price,
    coalesce(factors.split_factor, 1) as split_factor,
    coalesce(factors.dividend_factor, 1) as dividend_factor,
    greatest(bars.known_from, factors.known_from) as known_from
from reference.fct_daily_bars as bars
left join intermediate.int_actions__factored as factors
    on
        bars.security_key = factors.security_key
        and bars.trading_date < factors.until_date
        and (factors.from_date is null or bars.trading_date >= factors.from_date);

alter table reference.fct_daily_bars_adjusted add primary key (security_key, trading_date);
create index on reference.fct_daily_bars_adjusted (ticker, trading_date);
create index on reference.fct_daily_bars_adjusted (trading_date);
analyze reference.fct_daily_bars_adjusted;

-- What indicators are made of: bars that can be right, numbered.
create unlogged table reference.numbered_bars as
select
    bars.security_key,
    bars.ticker,
    bars.trading_date,
    sessions.session_number,
    cast(row_number() over bars_in_order as integer) as bar_number,
    lag(sessions.session_number) over bars_in_order as previous_session_number,
    bars.open_price,
    bars.high_price,
    bars.low_price,
    bars.close_price,
    lag(bars.close_price) over bars_in_order as previous_close_price,
    bars.volume,
    bars.known_from
from reference.fct_daily_bars_adjusted as bars
inner join marts.dim_sessions as sessions on bars.trading_date = sessions.trading_date and sessions.is_session
where
    least(bars.open_price, bars.high_price, bars.low_price, bars.close_price) > 0
    and bars.open_price between bars.low_price and bars.high_price
    and bars.close_price between bars.low_price and bars.high_price
    and bars.volume >= 0
window bars_in_order as (partition by bars.security_key order by bars.trading_date);

analyze reference.numbered_bars;

create table reference.market_returns as
with averaged as (
    select
        session_number,
        cast(
            avg(cast(cast(least(close_price / previous_close_price - 1, 3) as decimal(20, 12)) as decimal(38, 15)))
                filter (where session_number - previous_session_number = 1)
            as double precision
        ) as market_return
    from reference.numbered_bars
    group by session_number
)

select
    sessions.session_number,
    averaged.market_return,
    cast(
        coalesce(sum(cast(ln(1 + averaged.market_return) as decimal(38, 15))) over so_far, 0) as decimal(38, 15)
    ) as log_return_so_far,
    count(averaged.market_return) over so_far as return_count_so_far
from marts.dim_sessions as sessions
left join averaged on sessions.session_number = averaged.session_number
where sessions.is_session
window so_far as (order by sessions.session_number rows between unbounded preceding and current row);

analyze reference.market_returns;

create table reference.fct_daily_indicators as
with bars as (
    select
        numbered.*,
        case
            when numbered.session_number - numbered.previous_session_number = 1 then now.market_return
            when now.return_count_so_far > before.return_count_so_far
                then exp(cast(now.log_return_so_far - before.log_return_so_far as double precision)) - 1
        end as market_return
    from reference.numbered_bars as numbered
    left join reference.market_returns as now
        on numbered.session_number = now.session_number
    left join reference.market_returns as before
        on numbered.previous_session_number = before.session_number
),

-- From one bar to the next.
progressed as (
    select
        *,
        open_price / previous_close_price - 1 as gap_return,
        case
            when close_price > previous_close_price then close_price - previous_close_price
            when close_price <= previous_close_price then 0
        end as gain,
        case
            when close_price < previous_close_price then previous_close_price - close_price
            when close_price >= previous_close_price then 0
        end as loss,
        case
            when bar_number > 1 then greatest(high_price, previous_close_price) - least(low_price, previous_close_price)
        end as true_range,
        case
            when bar_number = 1 or close_price > previous_close_price then volume
            when close_price < previous_close_price then -volume
            else 0
        end as volume_on_balance,
        known_from as learned_at
    from bars
),

-- Over all bars so far.
summed as (
    select
        *,
        avg(close_price) over so_far as close_mean,
        avg(case when bar_number > 14 then close_price end) over so_far as macd_fast_seed,
        avg(gain) over so_far as gain_mean,
        avg(loss) over so_far as loss_mean,
        avg(true_range) over so_far as true_range_mean,
        sum(volume_on_balance) over so_far as obv,
        max(learned_at) over so_far as known_throughout_from
    from progressed
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

averaged as (
    with located as (
            select
                *,
                floor(bar_number / 379) as ema_12_block,
                bar_number - 379 * floor(bar_number / 379) as ema_12_place,
                case
                            when bar_number = 12 then close_mean
                            when bar_number > 12 then close_price * cast(0.15384615384615385 as double precision)
                        end as ema_12_addend,
                case
                            when bar_number = 26 then close_mean
                            when bar_number > 26 then close_price * cast(0.07407407407407407 as double precision)
                        end as ema_26_addend,
                case
                            when bar_number = 50 then close_mean
                            when bar_number > 50 then close_price * cast(0.0392156862745098 as double precision)
                        end as ema_50_addend,
                case
                            when bar_number = 200 then close_mean
                            when bar_number > 200 then close_price * cast(0.009950248756218905 as double precision)
                        end as ema_200_addend,
                case
                            when bar_number = 26 then macd_fast_seed
                            when bar_number > 26 then close_price * cast(0.15384615384615385 as double precision)
                        end as macd_fast_addend,
                case
                            when bar_number = 15 then gain_mean
                            when bar_number > 15 then gain * cast(0.07142857142857142 as double precision)
                        end as average_gain_14_addend,
                case
                            when bar_number = 15 then loss_mean
                            when bar_number > 15 then loss * cast(0.07142857142857142 as double precision)
                        end as average_loss_14_addend,
                case
                            when bar_number = 15 then true_range_mean
                            when bar_number > 15 then true_range * cast(0.07142857142857142 as double precision)
                        end as atr_14_addend
            from summed
        ),

        blocks as (
            select
                security_key,
                ema_12_block,
                sum(
                    ema_12_addend
                    * power(cast(0.8461538461538461 as double precision), 378 - ema_12_place)
                ) as ema_12_end,
                sum(
                    ema_26_addend
                    * power(cast(0.9259259259259259 as double precision), 378 - ema_12_place)
                ) as ema_26_end,
                sum(
                    ema_50_addend
                    * power(cast(0.9607843137254902 as double precision), 378 - ema_12_place)
                ) as ema_50_end,
                sum(
                    ema_200_addend
                    * power(cast(0.9900497512437811 as double precision), 378 - ema_12_place)
                ) as ema_200_end,
                sum(
                    macd_fast_addend
                    * power(cast(0.8461538461538461 as double precision), 378 - ema_12_place)
                ) as macd_fast_end,
                sum(
                    average_gain_14_addend
                    * power(cast(0.9285714285714286 as double precision), 378 - ema_12_place)
                ) as average_gain_14_end,
                sum(
                    average_loss_14_addend
                    * power(cast(0.9285714285714286 as double precision), 378 - ema_12_place)
                ) as average_loss_14_end,
                sum(
                    atr_14_addend
                    * power(cast(0.9285714285714286 as double precision), 378 - ema_12_place)
                ) as atr_14_end
            from located
            group by security_key, ema_12_block
        ),

        carries as (
            select
                blocks.security_key,
                blocks.ema_12_block,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 2530
                            then earlier.ema_12_end * power(
                                cast(0.8461538461538461 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as ema_12_carry,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 5750
                            then earlier.ema_26_end * power(
                                cast(0.9259259259259259 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as ema_26_carry,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 11270
                            then earlier.ema_50_end * power(
                                cast(0.9607843137254902 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as ema_50_carry,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 45770
                            then earlier.ema_200_end * power(
                                cast(0.9900497512437811 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as ema_200_carry,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 2530
                            then earlier.macd_fast_end * power(
                                cast(0.8461538461538461 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as macd_fast_carry,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 5980
                            then earlier.average_gain_14_end * power(
                                cast(0.9285714285714286 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as average_gain_14_carry,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 5980
                            then earlier.average_loss_14_end * power(
                                cast(0.9285714285714286 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as average_loss_14_carry,
                sum(
                    case
                        when 379 * (blocks.ema_12_block - earlier.ema_12_block - 1) <= 5980
                            then earlier.atr_14_end * power(
                                cast(0.9285714285714286 as double precision),
                                379 * (blocks.ema_12_block - earlier.ema_12_block - 1)
                            )
                    end
                ) as atr_14_carry
            from blocks
            inner join blocks as earlier
                on blocks.security_key = earlier.security_key and blocks.ema_12_block > earlier.ema_12_block
            group by blocks.security_key, blocks.ema_12_block
        )

        select
            located.*,
            power(cast(0.8461538461538461 as double precision), located.ema_12_place) * sum(
                located.ema_12_addend * power(cast(0.8461538461538461 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.8461538461538461 as double precision), located.ema_12_place + 1) * carries.ema_12_carry, 0)
                as ema_12,
            power(cast(0.9259259259259259 as double precision), located.ema_12_place) * sum(
                located.ema_26_addend * power(cast(0.9259259259259259 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.9259259259259259 as double precision), located.ema_12_place + 1) * carries.ema_26_carry, 0)
                as ema_26,
            power(cast(0.9607843137254902 as double precision), located.ema_12_place) * sum(
                located.ema_50_addend * power(cast(0.9607843137254902 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.9607843137254902 as double precision), located.ema_12_place + 1) * carries.ema_50_carry, 0)
                as ema_50,
            power(cast(0.9900497512437811 as double precision), located.ema_12_place) * sum(
                located.ema_200_addend * power(cast(0.9900497512437811 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.9900497512437811 as double precision), located.ema_12_place + 1) * carries.ema_200_carry, 0)
                as ema_200,
            power(cast(0.8461538461538461 as double precision), located.ema_12_place) * sum(
                located.macd_fast_addend * power(cast(0.8461538461538461 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.8461538461538461 as double precision), located.ema_12_place + 1) * carries.macd_fast_carry, 0)
                as macd_fast,
            power(cast(0.9285714285714286 as double precision), located.ema_12_place) * sum(
                located.average_gain_14_addend * power(cast(0.9285714285714286 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.9285714285714286 as double precision), located.ema_12_place + 1) * carries.average_gain_14_carry, 0)
                as average_gain_14,
            power(cast(0.9285714285714286 as double precision), located.ema_12_place) * sum(
                located.average_loss_14_addend * power(cast(0.9285714285714286 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.9285714285714286 as double precision), located.ema_12_place + 1) * carries.average_loss_14_carry, 0)
                as average_loss_14,
            power(cast(0.9285714285714286 as double precision), located.ema_12_place) * sum(
                located.atr_14_addend * power(cast(0.9285714285714286 as double precision), -located.ema_12_place)
            ) over places
            + coalesce(power(cast(0.9285714285714286 as double precision), located.ema_12_place + 1) * carries.atr_14_carry, 0)
                as atr_14
        from located
        left join carries on located.security_key = carries.security_key and located.ema_12_block = carries.ema_12_block
        window places as (
            partition by located.security_key, located.ema_12_block order by located.bar_number
            rows between unbounded preceding and current row
        )
),

-- MACD's own average is made of two others.
composed as (
    select
        *,
        macd_fast - ema_26 as macd,
        avg(case when bar_number between 26 and 34 then macd_fast - ema_26 end) over so_far as macd_mean
    from averaged
    window
        so_far as (partition by security_key order by bar_number rows between unbounded preceding and current row)
),

signalled as (
    with located as (
            select
                *,
                floor(bar_number / 276) as macd_signal_block,
                bar_number - 276 * floor(bar_number / 276) as macd_signal_place,
                case
                            when bar_number = 34 then macd_mean
                            when bar_number > 34 then macd * cast(0.2 as double precision)
                        end as macd_signal_addend
            from composed
        ),

        blocks as (
            select
                security_key,
                macd_signal_block,
                sum(
                    macd_signal_addend
                    * power(cast(0.8 as double precision), 275 - macd_signal_place)
                ) as macd_signal_end
            from located
            group by security_key, macd_signal_block
        ),

        carries as (
            select
                blocks.security_key,
                blocks.macd_signal_block,
                sum(
                    case
                        when 276 * (blocks.macd_signal_block - earlier.macd_signal_block - 1) <= 1840
                            then earlier.macd_signal_end * power(
                                cast(0.8 as double precision),
                                276 * (blocks.macd_signal_block - earlier.macd_signal_block - 1)
                            )
                    end
                ) as macd_signal_carry
            from blocks
            inner join blocks as earlier
                on blocks.security_key = earlier.security_key and blocks.macd_signal_block > earlier.macd_signal_block
            group by blocks.security_key, blocks.macd_signal_block
        )

        select
            located.*,
            power(cast(0.8 as double precision), located.macd_signal_place) * sum(
                located.macd_signal_addend * power(cast(0.8 as double precision), -located.macd_signal_place)
            ) over places
            + coalesce(power(cast(0.8 as double precision), located.macd_signal_place + 1) * carries.macd_signal_carry, 0)
                as macd_signal
        from located
        left join carries on located.security_key = carries.security_key and located.macd_signal_block = carries.macd_signal_block
        window places as (
            partition by located.security_key, located.macd_signal_block order by located.bar_number
            rows between unbounded preceding and current row
        )
),

-- Over the last bars.
framed as (
    select
            *,
            lag(close_price, 1) over (partition by security_key order by bar_number)
                as close_price_1_before,
            lag(close_price, 2) over (partition by security_key order by bar_number)
                as close_price_2_before,
            lag(close_price, 3) over (partition by security_key order by bar_number)
                as close_price_3_before,
            lag(close_price, 4) over (partition by security_key order by bar_number)
                as close_price_4_before,
            lag(close_price, 5) over (partition by security_key order by bar_number)
                as close_price_5_before,
            lag(close_price, 20) over (partition by security_key order by bar_number)
                as close_price_20_before,
            lag(close_price, 60) over (partition by security_key order by bar_number)
                as close_price_60_before,
            lag(close_price, 252) over (partition by security_key order by bar_number)
                as close_price_252_before,
            lag(lowest_14, 1) over (partition by security_key order by bar_number)
                as lowest_14_1_before,
            lag(lowest_14, 2) over (partition by security_key order by bar_number)
                as lowest_14_2_before,
            lag(lowest_14, 3) over (partition by security_key order by bar_number)
                as lowest_14_3_before,
            lag(lowest_14, 4) over (partition by security_key order by bar_number)
                as lowest_14_4_before,
            lag(highest_14, 1) over (partition by security_key order by bar_number)
                as highest_14_1_before,
            lag(highest_14, 2) over (partition by security_key order by bar_number)
                as highest_14_2_before,
            lag(highest_14, 3) over (partition by security_key order by bar_number)
                as highest_14_3_before,
            lag(highest_14, 4) over (partition by security_key order by bar_number)
                as highest_14_4_before,
            lag(close_sum_50, 50) over (partition by security_key order by bar_number)
                as close_sum_50_50_before,
            lag(close_sum_50, 100) over (partition by security_key order by bar_number)
                as close_sum_50_100_before,
            lag(close_sum_50, 150) over (partition by security_key order by bar_number)
                as close_sum_50_150_before,
            lag(highest_63, 63) over (partition by security_key order by bar_number)
                as highest_63_63_before,
            lag(highest_63, 126) over (partition by security_key order by bar_number)
                as highest_63_126_before,
            lag(highest_63, 189) over (partition by security_key order by bar_number)
                as highest_63_189_before,
            lag(lowest_63, 63) over (partition by security_key order by bar_number)
                as lowest_63_63_before,
            lag(lowest_63, 126) over (partition by security_key order by bar_number)
                as lowest_63_126_before,
            lag(lowest_63, 189) over (partition by security_key order by bar_number)
                as lowest_63_189_before
        from (
            select
                *,
                sum(close_price) over last_5 as close_sum_5,
                sum(close_price) over last_10 as close_sum_10,
                min(low_price) over last_14 as lowest_14,
                max(high_price) over last_14 as highest_14,
                sum(inflow) over last_14 as inflow_14,
                sum(outflow) over last_14 as outflow_14,
                sum(close_price) over last_20 as close_sum_20,
                stddev_pop(close_price) over last_20 as close_deviation_20,
                stddev_samp(log_return_1) over last_20 as log_return_deviation_20,
                avg(volume) over last_20 as volume_mean_20,
                stddev_samp(volume) over last_20 as volume_deviation_20,
                min(volume) over last_20 as lowest_volume_20,
                max(volume) over last_20 as highest_volume_20,
                sum(close_price) over last_50 as close_sum_50,
                stddev_samp(log_return_1) over last_60 as log_return_deviation_60,
                regr_slope(simple_return_1, market_return) over last_60 as slope_60,
                corr(simple_return_1, market_return) over last_60 as correlation,
                count(market_return) over last_60 as pair_count_60,
                max(high_price) over last_63 as highest_63,
                min(low_price) over last_63 as lowest_63
            from (select
            *,
            close_price / previous_close_price - 1 as simple_return_1,
            ln(close_price / previous_close_price) as log_return_1,
            case
                when abs(typical_price - previous_typical_price) > 1e-14 * (typical_price + previous_typical_price) and typical_price > previous_typical_price
                    then typical_price * volume
                else 0
            end as inflow,
            case
                when abs(typical_price - previous_typical_price) > 1e-14 * (typical_price + previous_typical_price) and typical_price < previous_typical_price
                    then typical_price * volume
                else 0
            end as outflow
        from (
            select
                *,
                lag(typical_price) over (partition by security_key order by bar_number) as previous_typical_price
            from (
                select
                    *,
                    (high_price + low_price + close_price) / 3 as typical_price
                from signalled
            ) as typified
        ) as paired) as stepped
            window
                last_5 as (
                    partition by security_key order by bar_number
                    rows between 4 preceding and current row
                ),
                last_10 as (
                    partition by security_key order by bar_number
                    rows between 9 preceding and current row
                ),
                last_14 as (
                    partition by security_key order by bar_number
                    rows between 13 preceding and current row
                ),
                last_20 as (
                    partition by security_key order by bar_number
                    rows between 19 preceding and current row
                ),
                last_50 as (
                    partition by security_key order by bar_number
                    rows between 49 preceding and current row
                ),
                last_60 as (
                    partition by security_key order by bar_number
                    rows between 59 preceding and current row
                ),
                last_63 as (
                    partition by security_key order by bar_number
                    rows between 62 preceding and current row
                )
        ) as framed
),

compared as (
    select
        *,
        case
            when abs(highest_14 - lowest_14) > 1e-14 * (highest_14 + lowest_14)
                then 100 * ((close_price - lowest_14) / (highest_14 - lowest_14))
            else 0
        end as fast_k,
        case
            when abs(highest_14_1_before - lowest_14_1_before) > 1e-14 * (highest_14_1_before + lowest_14_1_before)
                then 100 * ((close_price_1_before - lowest_14_1_before) / (highest_14_1_before - lowest_14_1_before))
            else 0
        end as fast_k_1_before,
        case
            when abs(highest_14_2_before - lowest_14_2_before) > 1e-14 * (highest_14_2_before + lowest_14_2_before)
                then 100 * ((close_price_2_before - lowest_14_2_before) / (highest_14_2_before - lowest_14_2_before))
            else 0
        end as fast_k_2_before,
        case
            when abs(highest_14_3_before - lowest_14_3_before) > 1e-14 * (highest_14_3_before + lowest_14_3_before)
                then 100 * ((close_price_3_before - lowest_14_3_before) / (highest_14_3_before - lowest_14_3_before))
            else 0
        end as fast_k_3_before,
        case
            when abs(highest_14_4_before - lowest_14_4_before) > 1e-14 * (highest_14_4_before + lowest_14_4_before)
                then 100 * ((close_price_4_before - lowest_14_4_before) / (highest_14_4_before - lowest_14_4_before))
            else 0
        end as fast_k_4_before,
        greatest(highest_63, highest_63_63_before, highest_63_126_before, highest_63_189_before) as highest_252,
        least(lowest_63, lowest_63_63_before, lowest_63_126_before, lowest_63_189_before) as lowest_252
    from framed
),

finished as (
    select
        *,
        (fast_k_2_before + fast_k_1_before + fast_k) / 3 as slow_k,
        (fast_k_3_before + fast_k_2_before + fast_k_1_before) / 3 as slow_k_1_before,
        (fast_k_4_before + fast_k_3_before + fast_k_2_before) / 3 as slow_k_2_before
    from compared
)

select
    security_key,
    ticker,
    trading_date,
    bar_number,
    open_price,
    high_price,
    low_price,
    close_price,
    volume,
    market_return,
    close_price / close_price_1_before - 1 as simple_return_1,
    ln(close_price / close_price_1_before) as log_return_1,
    close_price / close_price_5_before - 1 as simple_return_5,
    ln(close_price / close_price_5_before) as log_return_5,
    close_price / close_price_20_before - 1 as simple_return_20,
    ln(close_price / close_price_20_before) as log_return_20,
    close_price / close_price_60_before - 1 as simple_return_60,
    ln(close_price / close_price_60_before) as log_return_60,
    close_price / close_price_252_before - 1 as simple_return_252,
    ln(close_price / close_price_252_before) as log_return_252,
    gap_return,
    case when bar_number >= 5 then close_sum_5 / 5 end as sma_5,
    case when bar_number >= 10 then close_sum_10 / 10 end as sma_10,
    case when bar_number >= 20 then close_sum_20 / 20 end as sma_20,
    case when bar_number >= 50 then close_sum_50 / 50 end as sma_50,
    case when bar_number >= 100 then (close_sum_50 + close_sum_50_50_before) / 100 end as sma_100,
    case when bar_number >= 200 then (close_sum_50 + close_sum_50_50_before + close_sum_50_100_before + close_sum_50_150_before) / 200 end as sma_200,
    ema_12,
    ema_26,
    ema_50,
    ema_200,
    case when bar_number >= 34 then macd end as macd,
    macd_signal,
    macd - macd_signal as macd_histogram,
    macd_fast,
    case
        when average_gain_14 + average_loss_14 > 0 then 100 * (average_gain_14 / (average_gain_14 + average_loss_14))
        when average_gain_14 is not null then 0
    end as rsi_14,
    average_gain_14,
    average_loss_14,
    atr_14,
    case when bar_number >= 20 then close_sum_20 / 20 + 2 * close_deviation_20 end as bollinger_upper_20,
    case when bar_number >= 20 then close_sum_20 / 20 - 2 * close_deviation_20 end as bollinger_lower_20,
    case when bar_number >= 18 then slow_k end as stochastic_k_14,
    case when bar_number >= 18 then (slow_k_2_before + slow_k_1_before + slow_k) / 3 end as stochastic_d_14,
    obv,
    case
        when bar_number < 15 then null
        when inflow_14 + outflow_14 > 0 then 100 * (inflow_14 / (inflow_14 + outflow_14))
        else 0
    end as mfi_14,
    case when bar_number >= 21 then log_return_deviation_20 * sqrt(252) end as realised_volatility_20,
    case when bar_number >= 61 then log_return_deviation_60 * sqrt(252) end as realised_volatility_60,
    case when bar_number >= 252 then highest_252 end as high_price_252,
    case when bar_number >= 252 then lowest_252 end as low_price_252,
    case when bar_number >= 252 then close_price / highest_252 - 1 end as drawdown_252,
    case
        when bar_number >= 20 and highest_volume_20 > lowest_volume_20
            then (volume - volume_mean_20) / volume_deviation_20
    end as volume_z_score_20,
    case when pair_count_60 = 60 then slope_60 end as beta_60,
    case when pair_count_60 = 60 then correlation end as correlation_60,
    known_from as bar_known_from,
    known_throughout_from as known_from
from finished;

alter table reference.fct_daily_indicators add primary key (security_key, trading_date);
create index on reference.fct_daily_indicators (ticker, trading_date);
create index on reference.fct_daily_indicators (trading_date);
create index on reference.fct_daily_indicators (security_key, bar_number);

create table reference.mart_stock_days as
with session_bars as (
    select
        bars.*,
        sessions.session_number,
        lag(bars.close_price) over security_days as previous_close_price,
        lag(sessions.session_number) over security_days as previous_session_number,
        avg(bars.volume) over last_20_days as mean_volume,
        count(*) over last_20_days as day_count
    from reference.fct_daily_bars as bars
    inner join marts.dim_sessions as sessions on bars.trading_date = sessions.trading_date and sessions.is_session
    window
        security_days as (partition by bars.security_key order by bars.trading_date),
        last_20_days as (
            partition by bars.security_key order by bars.trading_date rows between 19 preceding and current row
        )
)

select
    session_bars.security_key,
    session_bars.ticker,
    session_bars.trading_date,
    session_bars.open_price,
    session_bars.high_price,
    session_bars.low_price,
    session_bars.close_price,
    session_bars.volume,
    case
        when session_bars.session_number - session_bars.previous_session_number = 1
            then session_bars.close_price / nullif(session_bars.previous_close_price, 0) - 1
    end as one_day_return,
    case when session_bars.day_count = 20 then session_bars.mean_volume end as average_volume_20_sessions,
    coalesce(news.article_count, 0) as article_count,
    news.mean_sentiment_score,
    coalesce(news.known_article_count, 0) as known_article_count,
    news.known_mean_sentiment_score,
    session_bars.provider,
    session_bars.is_suspect,
    session_bars.known_from as bar_known_from
from session_bars
left join intermediate.int_news_days__counted as news
    on session_bars.security_key = news.security_key and session_bars.trading_date = news.trading_date;

alter table reference.mart_stock_days add primary key (security_key, trading_date);
create index on reference.mart_stock_days (ticker, trading_date);
create index on reference.mart_stock_days (trading_date);

create table reference.mart_restatements as
with bars as (
    select
        *,
        date_trunc('month', trading_date) as trading_month,
        min(known_from) over (partition by ticker, trading_date, provider) as first_known_from
    from reference.fct_daily_bar_versions
),

dated as (
    select
        *,
        cast(extract(epoch from known_from - first_known_from) as double precision) / 3600 as hours_late
    from bars
),

delivered as (
    select
        provider,
        trading_month,
        count(*) as bar_count
    from dated
    where version_number = 1
    group by provider, trading_month
),

restated as (
    select
        provider,
        trading_month,
        count(distinct ticker || ' ' || cast(trading_date as TEXT)) as restated_bar_count,
        count(*) as restatement_count,
        sum(case when restatement_kind = 'price' then 1 else 0 end) as price_restatement_count,
        sum(case when restatement_kind = 'volume' then 1 else 0 end) as volume_restatement_count,
        sum(case when restatement_kind = 'both' then 1 else 0 end) as both_restatement_count,
        sum(case when restatement_kind = 'flag' then 1 else 0 end) as flag_restatement_count,
        percentile_cont(0.5) within group (order by largest_price_change) as median_price_change,
        max(largest_price_change) as largest_price_change,
        percentile_cont(0.5) within group (order by volume_change) as median_volume_change,
        max(volume_change) as largest_volume_change,
        percentile_cont(0.5) within group (order by hours_late) as median_hours_late,
        max(hours_late) as largest_hours_late
    from dated
    where version_number > 1
    group by provider, trading_month
)

select
    delivered.provider,
    cast(delivered.trading_month as date) as trading_month,
    cast(delivered.bar_count as integer) as bar_count,
    cast(coalesce(restated.restated_bar_count, 0) as integer) as restated_bar_count,
    cast(coalesce(restated.restated_bar_count, 0) as double precision) / delivered.bar_count as restated_share,
    cast(coalesce(restated.restatement_count, 0) as integer) as restatement_count,
    cast(coalesce(restated.price_restatement_count, 0) as integer) as price_restatement_count,
    cast(coalesce(restated.volume_restatement_count, 0) as integer) as volume_restatement_count,
    cast(coalesce(restated.both_restatement_count, 0) as integer) as both_restatement_count,
    cast(coalesce(restated.flag_restatement_count, 0) as integer) as flag_restatement_count,
    restated.median_price_change,
    restated.largest_price_change,
    restated.median_volume_change,
    restated.largest_volume_change,
    restated.median_hours_late,
    restated.largest_hours_late
from delivered
left join restated on delivered.provider = restated.provider and delivered.trading_month = restated.trading_month;

alter table reference.mart_restatements add primary key (provider, trading_month);
