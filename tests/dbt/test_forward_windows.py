"""No mart tells of a date what came after it: built from bars cut off after any date, it says the same of that date.

The compiled SQL of the models is asked of made-up bars, long enough for every window to fill. Whatever frame reaches
forward is found, as is shown by turning each of them round.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from psycopg2.extensions import cursor as Cursor

from tests.dbt import past
from tests.dbt.conftest import House
from tests.dbt.test_incremental import EARLY_VIEWS

SESSIONS, CUT = 460, 440
# The marts with windows over dates: where their bars come in, and the models between. Splits rewrite the past of
# fct_daily_bars_adjusted, and reactions are outcomes: both look forward on purpose.
CHAINS = {
    "mart_stock_days": ("fct_daily_bars", ()),
    "fct_daily_indicators": (
        "fct_daily_bars_adjusted",
        (
            *("int_bars__tracked", "int_bars__numbered"),
            *("int_market_returns__averaged", "int_market_returns__accumulated"),
        ),
    ),
}
OUTCOMES = "int_session_returns__averaged"
# These reach from one version, list or bearer to the next, in the order in which they became known or took over.
REACHING_FORWARD = {
    *("int_actions__listed", "int_actions__stated", "int_articles__versioned", "int_bars__versioned"),
    *("int_listings__grouped", "int_listings__judged", "int_tickers__borne", "dim_security_versions"),
    OUTCOMES,
}


@dataclass(frozen=True)
class Models:
    """The SQL of a build from the beginning, by model; and what the models look like as tables."""

    compiled: dict[str, str]
    written: dict[str, str]


@pytest.fixture(scope="module")
def models(house: House) -> Models:
    """Every table, with nothing in it, for its columns; and the models compiled."""
    early = ("--select", *EARLY_VIEWS, "resource_type:seed", "--exclude-resource-type", "test", "unit_test")
    house.dbt.must("build", "--quiet", *early)
    house.dbt.must("run", "--quiet", "--exclude", *EARLY_VIEWS)
    names = {name for mart, (_, between) in CHAINS.items() for name in (mart, *between)} | {OUTCOMES}
    house.dbt.must("compile", "--quiet", "--full-refresh", "--select", *names)
    nodes = [n for n in house.dbt.artifact("manifest")["nodes"].values() if n["resource_type"] == "model"]
    return Models(
        {n["name"]: n["compiled_code"] for n in nodes if n["name"] in names}, {n["name"]: n["raw_code"] for n in nodes}
    )


@pytest.fixture
def cursor(house: House, models: Models) -> Iterator[Cursor]:
    """A cursor with made-up sessions, and bars of five securities; all of it is gone after the test."""
    connection = house.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        cursor.execute(
            "create temporary table dim_sessions as select date '2020-01-01' + n as trading_date, true as is_session, "
            f"n as session_number from generate_series(1, {SESSIONS}) as n"
        )
        for mart in ("fct_daily_bars", "fct_daily_bars_adjusted"):
            cursor.execute(f"create temporary table {mart} as select * from marts.{mart} where false")
            # After the cut some jump and some fall, so that no frame can miss it; one does not trade every day.
            cursor.execute(
                f"insert into {mart} (security_key, ticker, trading_date, open_price, high_price, low_price, "
                "close_price, volume, known_from) select k, 'T' || k, date '2020-01-01' + n, c + 0.25, "
                "c + 1, c - 1, c, 1000 + (n * (k + 2) * 7919) %% 1009, timestamptz '2020-01-02' + n * interval '1 day' "
                "from generate_series(1, 5) as k, generate_series(1, %s) as n, "
                "lateral (select "
                "(150 + 9 * sin(n * (0.3 + 0.1 * k)) + (n * (k + 3) * 104729) %% 17 + n * (k - 3) * 0.09) "
                "* case when n > %s and k > 3 then 3 when n > %s and k < 3 then 0.3 else 1 end as c) as closes "
                "where k < 5 or n %% 9 <> 0",
                (SESSIONS, CUT, CUT),
            )
        yield cursor
    connection.rollback()
    connection.close()


def build(cursor: Cursor, texts: dict[str, str], source: str, chain: tuple[str, ...], last: int) -> str:
    """The last model of a chain as a temporary table, from the bars up to a session; its name."""
    places = {"dim_sessions": "pg_temp.dim_sessions", source: f"pg_temp.{source}_{last}"}
    cursor.execute(
        f"create temporary table if not exists {source}_{last} as select * from pg_temp.{source} "
        f"where trading_date <= date '2020-01-01' + {last}"
    )
    cursor.execute(f"drop table if exists pg_temp.{chain[-1]}_{last}")
    for name in chain:
        text = re.sub(
            r'"[^"]+"\."(\w+)"\."(\w+)"', lambda m: places.get(m.group(2), f"{m.group(1)}.{m.group(2)}"), texts[name]
        )
        cursor.execute(f"create temporary table if not exists {name}_{last} as {text}")
        places[name] = f"pg_temp.{name}_{last}"
    return places[chain[-1]]


def told_otherwise(cursor: Cursor, models: Models, mart: str, text: str) -> int:
    """Rows of the dates up to the cut that differ when what comes after it is there, or is not."""
    source, between = CHAINS[mart]
    texts, chain = {**models.compiled, mart: text}, (*between, mart)
    early, late = (build(cursor, texts, source, chain, last) for last in (CUT, SESSIONS))
    cursor.execute(f"select count(*) from {early}")
    assert (cursor.fetchone() or (0,))[0] > CUT
    until = f"(select * from {late} where trading_date <= date '2020-01-01' + {CUT}) as late"
    return past.difference(cursor, early, until, past.columns(cursor, "marts", mart))


@pytest.mark.parametrize("mart", CHAINS)
def test_what_comes_after_a_date_changes_nothing_of_it(models: Models, cursor: Cursor, mart: str) -> None:
    assert told_otherwise(cursor, models, mart, models.compiled[mart]) == 0


@pytest.mark.parametrize("mart", CHAINS)
def test_each_window_that_reaches_forward_is_found(models: Models, cursor: Cursor, mart: str) -> None:
    text = models.compiled[mart]
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
    unfound = [old for old, new in leaks.items() if told_otherwise(cursor, models, mart, text.replace(old, new)) == 0]
    assert unfound == []


def test_outcomes_do_look_forward(models: Models, cursor: Cursor) -> None:
    build_of = {
        last: build(cursor, models.compiled, "fct_daily_bars_adjusted", ("int_bars__tracked", OUTCOMES), last)
        for last in (CUT, SESSIONS)
    }
    rest = f"select * from {build_of[CUT]} except select * from {build_of[SESSIONS]}"
    cursor.execute(f"select count(*) from ({rest}) as rest")
    assert (cursor.fetchone() or (0,))[0] >= 20


def test_no_other_model_reaches_forward(models: Models) -> None:
    """Windows in the other direction are allowed to the models named above, and new ones have to be thought about."""
    found = {
        name for name, text in models.written.items() if re.search(r"\bfollowing\b\s*\)|\d following|\blead\(", text)
    }
    assert found == REACHING_FORWARD
