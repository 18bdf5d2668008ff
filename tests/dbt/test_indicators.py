"""Indicators agree with TA-Lib on random series and on the real archives, and an incremental build with a full one."""

import io
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from pyarrow import csv

from tests.dbt import indicators, series
from tests.dbt.conftest import Warehouse
from tests.shared import DATA, need

# The relations that int_bars__sequenced reads, made by hand here: the models before it have tests of their own.
BARS, ACTIONS, SESSIONS = (
    f"intermediate.{name}" for name in ("int_bars__chosen", "int_actions__factored", "int_sessions__numbered")
)
MODELS = ("int_bars__sequenced", "int_market_returns__averaged", "int_indicators__computed", "fct_daily_indicators")
BOUND = 1e-9
LEARNED = "2026-01-01 00:00+00"


@pytest.fixture(scope="module")
def ready(warehouse: Warehouse) -> Warehouse:
    """The relations that int_bars__sequenced reads, every day a session, without bars and actions."""
    processing = "is_deleted boolean not null default false, _updated_at timestamptz not null default now()"
    warehouse.rows(
        "set role marketloom_transformer; create schema if not exists intermediate; "
        f"create table {BARS} (security_key bigint, ticker text, trading_date date, open_price float, "
        "high_price float, low_price float, close_price float, volume float, known_from timestamptz, "
        f"provider text default 'polygon', is_suspect boolean default false, {processing}, "
        "primary key (security_key, trading_date)); "
        f"create table {ACTIONS} (security_key bigint, from_date date, until_date date, split_factor float, "
        f"dividend_factor float, known_from timestamptz, {processing}, primary key (security_key, until_date)); "
        f"create table {SESSIONS} (trading_date date primary key, is_session boolean, session_number int, "
        f"{processing}); "
        f"insert into {SESSIONS} (trading_date, is_session, session_number) "
        "select d::date, true, row_number() over (order by d) "
        f"from generate_series('{series.FIRST}'::date, '{series.FIRST + timedelta(days=4000)}', interval '1 day') d"
    )
    return warehouse


@pytest.fixture(scope="module")
def grown(ready: Warehouse) -> Warehouse:
    """Random bars, built in steps: most of them; ten more sessions; and changes long ago."""
    bars = series.random_bars()
    is_new = bars["trading_date"] >= series.FIRST + timedelta(days=series.LENGTH - 10)
    is_late = (bars["ticker"] == "LATE") | ((bars["ticker"] == "WALK2") & (bars["trading_date"] == day(1000)))
    add(ready, bars[~is_new & ~is_late])
    assert run(ready, "--full-refresh") == (~is_new & ~is_late).sum()
    add(ready, bars[is_new & ~is_late])
    assert run(ready) == (is_new & ~is_late).sum()
    assert run(ready) == 0
    add(ready, bars[is_late])
    ready.rows(
        f"update {BARS} set close_price = close_price * 1.01, high_price = high_price * 1.01, "
        f"known_from = '2026-02-01', _updated_at = now() where ticker = 'WALK3' and trading_date = '{day(400)}'; "
        f"insert into {ACTIONS} (security_key, until_date, split_factor, dividend_factor, known_from) "
        f"select distinct security_key, '{day(2000)}'::date, 1.0 / 3, 1, known_from from {BARS} "
        "where ticker = 'TICKS3'; "
        f"update {BARS} set volume = -1, _updated_at = now() where ticker = 'WALK1' and trading_date = '{day(2500)}'; "
        f"update {BARS} set is_deleted = true, _updated_at = now() "
        f"where ticker = 'RUNS' and trading_date in ('{day(50)}', '{day(2999)}')"
    )
    # The market changed over most of the years: the whole lives of the securities above and 60 bars after it of others.
    run(ready)
    return ready


def day(number: int) -> date:
    return series.FIRST + timedelta(days=number)


def run(warehouse: Warehouse, *arguments: str) -> int:
    """Build the models and return how many rows of indicators were written."""
    warehouse.dbt.must("run", "--quiet", "--select", *MODELS, *arguments)
    results = warehouse.dbt.artifact("run_results")["results"]
    taken: int = next(r for r in results if r["unique_id"].endswith("int_indicators__computed"))["adapter_response"][
        "rows_affected"
    ]
    return taken


def add(warehouse: Warehouse, bars: pd.DataFrame) -> None:
    columns = "security_key, ticker, trading_date, open_price, high_price, low_price, close_price, volume, known_from"
    text = io.StringIO()
    bars.assign(known_from=LEARNED)[
        ["security_key", "ticker", "trading_date", "open", "high", "low", "close", "volume", "known_from"]
    ].to_csv(text, header=False, index=False)
    text.seek(0)
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.copy_expert(f"copy {BARS} ({columns}) from stdin csv", text)


def read(warehouse: Warehouse, condition: str = "true") -> pd.DataFrame:
    """The mart's rows in order, every float to the last bit."""
    columns, text = ", ".join(warehouse.columns("marts.fct_daily_indicators")), io.BytesIO()
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.copy_expert(
            f"copy (select {columns} from marts.fct_daily_indicators where {condition} "
            "order by security_key, trading_date) to stdout csv header",
            text,
        )
    text.seek(0)
    found: pd.DataFrame = csv.read_csv(text, convert_options=csv.ConvertOptions(null_values=[""])).to_pandas()
    return found


def differences(found: pd.DataFrame) -> pd.DataFrame:
    """One row per indicator: the largest difference from TA-Lib or NumPy, its place, and for how many rows TA-Lib
    computed the frame alone."""
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


def test_an_incremental_build_gives_what_a_full_one_gives(grown: Warehouse) -> None:
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


def test_they_agree_with_talib_on_random_series(grown: Warehouse) -> None:
    worst = differences(read(grown))
    print(worst.to_string())
    assert worst[worst["difference"] > BOUND].empty, worst.to_string()


def test_they_agree_with_talib_on_the_real_archives(ready: Warehouse) -> None:
    bars = series.archived_bars(need(DATA / "pystock"))
    days = ", ".join(f"('{day}'::date)" for day in sorted(set(bars["trading_date"])))
    ready.rows(
        f"insert into {SESSIONS} (trading_date, is_session, session_number) "
        "select d, true, 10000 + row_number() over (order by d) "
        f"from (values {days}) as days (d)"
    )
    add(ready, bars)
    run(ready)
    found = read(ready, "trading_date >= '2015-01-01'")
    assert found["bar_number"].max() >= 63
    assert found["security_key"].nunique() > 5000
    worst = differences(found)
    print(worst.to_string())
    assert worst[worst["difference"] > BOUND].empty, worst.to_string()
