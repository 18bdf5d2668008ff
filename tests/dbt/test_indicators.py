"""Indicators agree with TA-Lib on random series and on the real archives, and an incremental build with a full one."""

import io
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from pyarrow import csv

from tests.dbt import indicators, series
from tests.dbt.conftest import House
from tests.shared import DATA, need

# The relation that int_bars__tracked names, made by hand here: what leads to it has tests of its own.
INPUT = "marts.fct_daily_bars_adjusted"
MODELS = (
    "int_changes__followed",
    "int_bars__touched",
    "int_bars__tracked",
    "int_bars__numbered",
    "int_market_returns__averaged",
    "int_market_returns__accumulated",
    "fct_daily_indicators",
)
BOUND = 1e-9
LEARNED = "2026-01-01 00:00+00"


@pytest.fixture(scope="module")
def ready(house: House) -> House:
    """The relations that the input reads, every day a session, with random bars up to ten days before their end."""
    house.rows(
        "set role marketloom_transformer; create schema if not exists marts; "
        f"create table {INPUT} (security_key bigint, ticker text, trading_date date, open_price float, "
        "high_price float, low_price float, close_price float, volume float, known_from timestamptz, "
        "primary key (security_key, trading_date)); "
        "create table marts.dim_sessions as select d::date as trading_date, true as is_session, "
        "row_number() over (order by d)::int as session_number "
        f"from generate_series('{series.FIRST}'::date, '{series.FIRST + timedelta(days=4000)}', interval '1 day') d"
    )
    house.dbt.must("run", "--quiet", "--select", *MODELS[:2])
    return house


@pytest.fixture(scope="module")
def grown(ready: House) -> House:
    """Random bars, built in steps: most of them; ten more sessions; and changes long ago."""
    bars = series.random_bars()
    is_new = bars["trading_date"] >= series.FIRST + timedelta(days=series.LENGTH - 10)
    is_late = (bars["ticker"] == "LATE") | ((bars["ticker"] == "WALK2") & (bars["trading_date"] == day(1000)))
    add(ready, bars[~is_new & ~is_late])
    assert run(ready, "--full-refresh") == (~is_new & ~is_late).sum()
    add(ready, bars[is_new & ~is_late])
    touch(ready, "true", series.FIRST + timedelta(days=series.LENGTH - 10))
    assert run(ready) == (is_new & ~is_late).sum()
    assert run(ready) == 0
    add(ready, bars[is_late])
    ready.rows(
        f"update {INPUT} set close_price = close_price * 1.01, high_price = high_price * 1.01, "
        f"known_from = '2026-02-01' where ticker = 'WALK3' and trading_date = '{day(400)}'; "
        f"update {INPUT} set open_price = open_price / 3, high_price = high_price / 3, low_price = low_price / 3, "
        f"close_price = close_price / 3, volume = volume * 3 where ticker = 'TICKS3' and trading_date < '{day(2000)}'; "
        f"update {INPUT} set volume = -1 where ticker = 'WALK1' and trading_date = '{day(2500)}'; "
        f"delete from {INPUT} where ticker = 'RUNS' and trading_date in ('{day(50)}', '{day(2999)}')"
    )
    touch(ready, "ticker = 'LATE'", series.FIRST)
    touch(ready, "ticker = 'WALK2'", day(1000))
    touch(ready, "ticker = 'WALK3'", day(400))
    touch(ready, "ticker = 'TICKS3'", series.FIRST)
    touch(ready, "ticker = 'WALK1'", day(2500))
    touch(ready, "ticker = 'RUNS'", day(50))
    # The market changed over most of the years: the whole lives of the securities above and 60 bars after it of others.
    run(ready)
    return ready


def touch(house: House, condition: str, since: date) -> None:
    """Note that bars of these securities were written, from a date on, as the input's own build does."""
    house.rows(
        "set role marketloom_transformer; "
        "insert into intermediate.int_changes__followed (model, followed, after_number, change_number) "
        "select 'fct_daily_bars_adjusted', 'fct_daily_bars_adjusted', 0, 0 where not exists "
        "(select from intermediate.int_changes__followed where model = 'fct_daily_bars_adjusted'); "
        "update intermediate.int_changes__followed set change_number = change_number + 1 "
        "where model = 'fct_daily_bars_adjusted'; "
        "insert into intermediate.int_bars__touched (security_key, first_trading_date, change_number) "
        f"select distinct security_key, '{since}'::date, (select change_number from intermediate.int_changes__followed "
        f"where model = 'fct_daily_bars_adjusted') from {INPUT} where {condition}"
    )


def day(number: int) -> date:
    return series.FIRST + timedelta(days=number)


def run(house: House, *arguments: str) -> int:
    """Build the models and return how many rows the mart took in."""
    house.dbt.must("run", "--quiet", "--select", *MODELS, *arguments)
    results = house.dbt.artifact("run_results")["results"]
    taken: int = next(r for r in results if r["unique_id"].endswith(MODELS[-1]))["adapter_response"]["rows_affected"]
    return taken


def add(house: House, bars: pd.DataFrame) -> None:
    text = io.StringIO()
    bars.assign(known_from=LEARNED)[
        ["security_key", "ticker", "trading_date", "open", "high", "low", "close", "volume", "known_from"]
    ].to_csv(text, header=False, index=False)
    text.seek(0)
    with house.connect() as connection, connection.cursor() as cursor:
        cursor.copy_expert(f"copy {INPUT} from stdin csv", text)


def read(house: House, condition: str = "true") -> pd.DataFrame:
    """The mart's rows in order, every float to the last bit."""
    text = io.BytesIO()
    with house.connect() as connection, connection.cursor() as cursor:
        cursor.copy_expert(
            f"copy (select * from marts.fct_daily_indicators where {condition} order by security_key, trading_date) "
            "to stdout csv header",
            text,
        )
    text.seek(0)
    found: pd.DataFrame = csv.read_csv(text, convert_options=csv.ConvertOptions(null_values=[""])).to_pandas()
    return found


def differences(found: pd.DataFrame) -> pd.DataFrame:
    """One row per indicator: the largest difference from the other hand, where it is, and how often TA-Lib itself
    had to be asked for the frame alone."""
    expectations: dict[str, list[np.ndarray]] = {}
    securities = [bars for _, bars in found.groupby("security_key", sort=False)]
    for bars in securities:
        for name, values in indicators.expected(indicators.columns(bars)).items():
            expectations.setdefault(name, []).append(values)
    worst = []
    for name, parts in expectations.items():
        ours, theirs = found[name].to_numpy(dtype=float), np.concatenate(parts)
        difference = indicators.difference(name, ours, theirs, found["close_price"].to_numpy())
        again = np.flatnonzero((difference > BOUND) & (name in indicators.FRAMES))
        for place in again.tolist():
            frame = found.iloc[place + 1 - min(indicators.FRAMES[name], found["bar_number"].iloc[place]) : place + 1]
            theirs[place] = indicators.by_talib(indicators.columns(frame))[name][-1]
        difference = indicators.difference(name, ours, theirs, found["close_price"].to_numpy())
        place = int(difference.argmax())
        row = found.iloc[place]
        worst.append(
            (name, difference[place], row["ticker"], row["bar_number"], ours[place], theirs[place], len(again))
        )
    return pd.DataFrame(worst, columns=["name", "difference", "ticker", "bar_number", "ours", "theirs", "again"])


def test_an_incremental_build_gives_what_a_full_one_gives(grown: House) -> None:
    grown_step_by_step = read(grown)
    run(grown, "--full-refresh")
    built_at_once = read(grown)
    assert len(grown_step_by_step) == len(built_at_once)
    for name in built_at_once.columns:
        if name in indicators.EXPONENTIAL:
            step, once = (frame[name].to_numpy(dtype=float) for frame in (grown_step_by_step, built_at_once))
            difference = indicators.difference(name, step, once, built_at_once["close_price"].to_numpy())
            assert difference.max() <= 1e-12, (name, built_at_once["ticker"].iloc[int(difference.argmax())])
        else:
            pd.testing.assert_series_equal(grown_step_by_step[name], built_at_once[name], check_exact=True)


def test_they_agree_with_talib_on_random_series(grown: House) -> None:
    worst = differences(read(grown))
    print(worst.to_string())
    assert worst[worst["difference"] > BOUND].empty, worst.to_string()


def test_they_agree_with_talib_on_the_real_archives(ready: House) -> None:
    bars = series.archived_bars(need(DATA / "pystock"))
    days = ", ".join(f"('{day}'::date)" for day in sorted(set(bars["trading_date"])))
    ready.rows(
        "insert into marts.dim_sessions select d, true, 10000 + row_number() over (order by d) "
        f"from (values {days}) as days (d)"
    )
    add(ready, bars)
    touch(ready, "trading_date >= '2015-01-01'", date(2015, 1, 1))
    run(ready)
    found = read(ready, "trading_date >= '2015-01-01'")
    assert found["bar_number"].max() >= 63
    assert found["security_key"].nunique() > 5000
    worst = differences(found)
    print(worst.to_string())
    assert worst[worst["difference"] > BOUND].empty, worst.to_string()
