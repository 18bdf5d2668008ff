"""No mart looks ahead: built from bars up to any date, it has the same rows for that date as built from all bars.

The compiled SQL of the models reads made-up bars, long enough for every window to fill. Each frame and each lag is
turned to the future, one at a time, and each must be found.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from psycopg2.extensions import cursor as Cursor

from tests.dbt import past
from tests.dbt.conftest import Warehouse

SESSIONS, CUT = 460, 440
# The marts with windows over dates, and the models between them and the chosen bars. Splits rewrite the past of
# adjusted prices, and returns after a story are outcomes: both look forward on purpose.
SOURCE = "int_bars__chosen"
CHAINS = {
    "mart_stock_days": ("int_bars__sequenced",),
    "fct_daily_indicators": ("int_bars__sequenced", "int_market_returns__averaged", "int_indicators__computed"),
}
WINDOWS = ("int_bars__sequenced", "int_indicators__computed")
OUTCOMES = "int_market_returns__averaged"
# These reach from one version, list or assignment to the next, in the order in which they became known or began.
REACHING_FORWARD = {
    *("int_actions__listed", "int_actions__stated", "int_articles__versioned", "int_bars__versioned"),
    *("int_listings__grouped", "int_tickers__assigned", "dim_security_versions"),
    OUTCOMES,
}


@dataclass(frozen=True)
class Models:
    """The SQL of a full build, by model, and the source of all models."""

    compiled: dict[str, str]
    written: dict[str, str]


@pytest.fixture(scope="module")
def models(warehouse: Warehouse) -> Models:
    """Every table, without rows, for its columns; and the models compiled."""
    warehouse.prepare()
    warehouse.run()
    names = {name for mart, between in CHAINS.items() for name in (mart, *between)}
    warehouse.dbt.must("compile", "--quiet", "--full-refresh", "--select", *names)
    nodes = [n for n in warehouse.dbt.artifact("manifest")["nodes"].values() if n["resource_type"] == "model"]
    return Models(
        {n["name"]: n["compiled_code"] for n in nodes if n["name"] in names}, {n["name"]: n["raw_code"] for n in nodes}
    )


@pytest.fixture
def cursor(warehouse: Warehouse, models: Models) -> Iterator[Cursor]:
    """A cursor with made-up sessions, and bars of five securities; all of it is gone after the test."""
    connection = warehouse.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute(
            "create temporary table int_sessions__numbered as "
            "select date '2020-01-01' + n as trading_date, true as is_session, n as session_number, "
            f"false as is_deleted from generate_series(1, {SESSIONS}) as n"
        )
        cursor.execute(f"create temporary table {SOURCE} as select * from intermediate.{SOURCE} where false")
        # After the cut some jump and some fall, so that no frame can miss it; one does not trade every day.
        cursor.execute(
            f"insert into {SOURCE} (security_key, ticker, trading_date, open_price, high_price, low_price, "
            "close_price, volume, known_from, is_deleted) select k, 'T' || k, date '2020-01-01' + n, c + 0.25, "
            "c + 1, c - 1, c, 1000 + (n * (k + 2) * 7919) %% 1009, timestamptz '2020-01-02' + n * interval '1 day', "
            "false from generate_series(1, 5) as k, generate_series(1, %s) as n, "
            "lateral (select "
            "(150 + 9 * sin(n * (0.3 + 0.1 * k)) + (n * (k + 3) * 104729) %% 17 + n * (k - 3) * 0.09) "
            "* case when n > %s and k > 3 then 3 when n > %s and k < 3 then 0.3 else 1 end as c) as closes "
            "where k < 5 or n %% 9 <> 0",
            (SESSIONS, CUT, CUT),
        )
        yield cursor
    connection.rollback()
    connection.close()


def build(cursor: Cursor, models: Models, mart: str, last: int, leak: dict[str, str]) -> str:
    """A mart as a temporary table, from the bars up to a session; its name. `leak` replaces the SQL of one model."""
    places = {name: f"pg_temp.{name}" for name in ("int_sessions__numbered", SOURCE)}
    places[SOURCE] += f"_{last}"
    cursor.execute(
        f"create temporary table if not exists {SOURCE}_{last} as select * from pg_temp.{SOURCE} "
        f"where trading_date <= date '2020-01-01' + {last}"
    )
    suffix = str(last)
    for name in (*CHAINS[mart], mart):
        if name in leak:
            # From here on nothing that was built without the leak is read.
            suffix = f"{last}_leak"
        text = re.sub(
            r'"[^"]+"\."(\w+)"\."(\w+)"',
            lambda m: places.get(m.group(2), f"{m.group(1)}.{m.group(2)}"),
            leak.get(name, models.compiled[name]),
        )
        places[name] = f"pg_temp.{name}_{suffix}"
        if leak and suffix.endswith("leak"):
            cursor.execute(f"drop table if exists {places[name]}")
        cursor.execute(f"create temporary table if not exists {name}_{suffix} as {text}")
    return places[mart]


def changed_rows(cursor: Cursor, models: Models, mart: str, leak: dict[str, str]) -> int:
    """Rows of the dates up to the cut that differ when later bars are there and when they are not."""
    early, late = (build(cursor, models, mart, last, leak) for last in (CUT, SESSIONS))
    cursor.execute(f"select count(*) from {early}")
    assert (cursor.fetchone() or (0,))[0] > CUT
    until = f"(select * from {late} where trading_date <= date '2020-01-01' + {CUT}) as late"
    return past.difference(cursor, early, until, past.columns(cursor, "marts", mart))


@pytest.mark.parametrize("mart", CHAINS)
def test_bars_after_a_date_change_no_row_of_it(models: Models, cursor: Cursor, mart: str) -> None:
    assert changed_rows(cursor, models, mart, {}) == 0


@pytest.mark.parametrize("model", WINDOWS)
def test_each_window_that_reaches_forward_is_found(models: Models, cursor: Cursor, model: str) -> None:
    text = models.compiled[model]
    leaks = {
        frame: re.sub(
            r"between (\d+|unbounded) preceding and current row", r"between \1 preceding and 1 following", frame
        )
        for frame in set(re.findall(r"rows between (?:\d+|unbounded) preceding and current row", text))
    }
    assert leaks
    # A step between numbers of sessions, turned round, is that of no return at all.
    calls = [call for call in set(re.findall(r"\blag\([^()]*\)", text)) if "session_number" not in call]
    leaks |= {call: call.replace("lag(", "lead(") for call in calls}
    marts = [mart for mart, between in CHAINS.items() if model in between]
    unfound = [
        old
        for old, new in leaks.items()
        if not any(changed_rows(cursor, models, mart, {model: text.replace(old, new)}) for mart in marts)
    ]
    assert unfound == []


def test_outcomes_do_look_forward(models: Models, cursor: Cursor) -> None:
    for last in (CUT, SESSIONS):
        build(cursor, models, "fct_daily_indicators", last, {})
    early, late = (f"pg_temp.{OUTCOMES}_{last}" for last in (CUT, SESSIONS))
    cursor.execute(f"select count(*) from (select * from {early} except select * from {late}) as rest")
    assert (cursor.fetchone() or (0,))[0] >= 20


def test_no_other_model_reaches_forward(models: Models) -> None:
    """Windows in the other direction are allowed to the models named above; a new one has to be reviewed."""
    found = {
        name for name, text in models.written.items() if re.search(r"\bfollowing\b\s*\)|\d following|\blead\(", text)
    }
    assert found == REACHING_FORWARD
