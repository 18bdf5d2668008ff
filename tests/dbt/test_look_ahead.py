"""The marts of a moment are the same three ways: built from what had been received by then, built as of then from all
rows, and queried with the as-of functions. Wherever a model looks ahead, a test fails.

The loads come in five steps, two of real archives and three of the simulated market. After each step the present is
built and copied; at the end the past is built for each moment. The tests find marts and functions in the warehouse.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from psycopg2.extensions import cursor as Cursor
from rich.console import Console

from ingestion import config, runner
from ingestion.config import Settings
from sandbox.market import Market
from sandbox.server import Sandbox
from tests.dbt import past
from tests.dbt.conftest import Warehouse
from tests.dbt.rawdata import Load
from tests.shared import DATA, need
from tests.warehouse import key_of

ARCHIVES = (("20151216", "20151217"), ("20151218",))
CLOCKS = ("2024-03-15T12:00:00+00:00", "2024-03-15T22:30:00+00:00", "2024-03-19T23:00:00+00:00")
MOMENTS = ("2015-12-18T20:00:00Z", "2015-12-20T00:00:00Z", "2024-03-15T12:00:30Z", "2024-03-15T22:30:30Z")
STEPS = range(1, len(MOMENTS) + 1)
# The model with the windows of mart_stock_days, and what it reads.
WINDOWS, INPUTS = "int_bars__sequenced", ("int_bars__chosen", "int_actions__factored", "int_sessions__numbered")
# Between the third and the fourth moment a list says that this ticker was another company's until the 1st of March.
REASSIGNED = "WEFT"


@dataclass(frozen=True)
class Elsewhere(Settings):
    """The simulated market's settings, with the warehouse of the test in place of marketloom_sandbox."""

    place: str = ""

    @property
    def database(self) -> str:
        return self.place


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Schemas then_1 … then_4 with the marts as they were, past_1 … past_4 with the past as built at the end."""
    folder, quiet = need(DATA / "pystock"), Console(quiet=True)
    warehouse.prepare()
    with pytest.MonkeyPatch.context() as patch, Sandbox(market=Market(seed=7, securities=24)) as sandbox:
        home = str(tmp_path_factory.mktemp("home"))
        for name, value in {"PGHOST": str(warehouse.dbt.server), "PGUSER": "postgres", "MARKETLOOM_HOME": home}.items():
            patch.setenv(name, value)
        patch.setenv("PGDATABASE", warehouse.dbt.database)
        patch.setenv("MARKETLOOM_SANDBOX_URL", sandbox.url)
        live, simulated = config.load("live"), config.load("sandbox")
        simulated = Elsewhere(simulated.root, simulated.home, simulated.target, warehouse.dbt.database)
        runner.ingest(live, ["calendar"], None, None, (), quiet)
        date_back_the_calendar(warehouse)
        for step, names in enumerate(ARCHIVES, 1):
            runner.backfill(live, "pystock", [folder / f"{name}.tar.gz" for name in names], quiet)
            build_present(warehouse, step)
        for step, clock in enumerate(CLOCKS, len(ARCHIVES) + 1):
            sandbox.set_clock(clock)
            runner.ingest(simulated, ["polygon", "alpha_vantage", "rss"], None, None, (), quiet)
            warehouse.load([edition(step)] if step <= len(MOMENTS) else [])
            build_present(warehouse, step)
    warehouse.dbt.must("build", "--quiet", "--select", "resource_type:function")
    for step, moment in zip(STEPS, MOMENTS, strict=True):
        build_past(warehouse, moment)
        with warehouse.connect().cursor() as cursor:
            past.keep(cursor, "as_of_marts", f"past_{step}")
    return warehouse


def date_back_the_calendar(warehouse: Warehouse) -> None:
    """Make it known from the beginning, with the record of its request."""
    warehouse.rows("update raw_calendar.days set _received_at = '2000-01-01+00'")
    warehouse.rows("update raw_ops.requests set _received_at = '2000-01-01+00' where source = 'calendar'")


def edition(step: int) -> Load:
    """A story that a provider rewrites between the third and the fourth moment: title, text and tickers."""
    hour, words, tickers = (11, "First words", ["LOOM"]) if step == 3 else (14, "Other words", ["LOOM", "WEFT"])
    story = {"id": "edited", "title": f"{words} on $WARP", "description": words, "tickers": json.dumps(tickers)}
    known = datetime(2024, 3, 15, hour, tzinfo=UTC)
    row = {**story, "article_url": "https://edited.example/1", "published_utc": datetime(2024, 3, 15, 9, tzinfo=UTC)}
    load = Load("polygon", f"9{step}.0").add("news", f"edition-{step}", known, [row])
    if step == 4:
        gone = {"ticker": REASSIGNED, "name": "Weft of old", "composite_figi": "BBG00WEFTOLD", "active": False}
        load.add("tickers", "tickers-late", known, [{**gone, "delisted_utc": datetime(2024, 3, 1, 5, tzinfo=UTC)}])
    return load


def build_present(warehouse: Warehouse, step: int) -> None:
    warehouse.run()
    with warehouse.connect().cursor() as cursor:
        past.keep(cursor, "marts", f"then_{step}")
        cursor.execute(f"create schema inputs_{step}")
        for name in INPUTS:
            cursor.execute(f"create table inputs_{step}.{name} as table intermediate.{name}")


def build_past(warehouse: Warehouse, moment: str) -> None:
    arguments = ("--quiet", "--target", "as_of", "--vars", f'{{as_of: "{moment}"}}')
    warehouse.dbt.must("build", *arguments, "--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def compiled(built: Warehouse) -> dict[str, str]:
    """The SQL of the model that leaks are planted in and of the data tests that find them, as dbt compiles it."""
    tests = ("not_null_fct_daily_bar_versions_known_from", "not_null_fct_article_versions_known_from")
    sequences = "fct_daily_bar_versions,test_name:sequential_versions"
    built.dbt.must("compile", "--quiet", "--full-refresh", "--select", WINDOWS, *tests, sequences)
    nodes = built.dbt.artifact("manifest")["nodes"].values()
    return {node["name"]: node["compiled_code"] for node in nodes if node.get("compiled_code")}


@pytest.fixture
def cursor(built: Warehouse) -> Iterator[Cursor]:
    """A cursor whose changes are undone after the test."""
    connection = built.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("step", STEPS)
def test_building_the_past_gives_what_was_built_then(cursor: Cursor, step: int) -> None:
    assert past.differences(cursor, f"then_{step}", f"past_{step}") == {}


@pytest.mark.parametrize("step", STEPS)
def test_querying_the_past_gives_what_building_it_gives(cursor: Cursor, step: int) -> None:
    assert {"daily_bars_as_of", "articles_as_of"} <= set(past.functions(cursor))
    assert past.queried(cursor, MOMENTS[step - 1], f"past_{step}", REASSIGNED) == {}


def test_a_ticker_that_was_anothers_is_keyed_as_was_known(cursor: Cursor) -> None:
    keys = (
        f"select count(distinct security_key), count(*) filter (where security_key = {key_of('ticker')}) > 0 "
        "from {} where {}"
    )
    for mart in ("fct_daily_bar_versions", "fct_daily_bars", "fct_daily_bars_adjusted", "fct_daily_indicators"):
        for schema, expected in (
            ("then_3", (1, True)),
            ("then_4", (2, True)),
            ("past_3", (1, True)),
            ("past_4", (2, True)),
        ):
            cursor.execute(keys.format(f"{schema}.{mart}", f"ticker = '{REASSIGNED}'"))
            assert cursor.fetchone() == expected, (schema, mart)
    # The functions return the values of then, under the companies of today.
    found = f"(select * from marts.daily_bars_as_of('{MOMENTS[2]}') where ticker = '{REASSIGNED}') as found"
    values = past.columns(cursor, "past_3", "fct_daily_bars").removeprefix("security_key, ")
    then = f"(select * from past_3.fct_daily_bars where ticker = '{REASSIGNED}') as bars"
    assert past.difference(cursor, found, then, values) == 0
    cursor.execute(
        f"select count(*), count(b.ticker) from {found} left join marts.fct_daily_bars b "
        "on (b.security_key, b.ticker, b.trading_date) = (found.security_key, found.ticker, found.trading_date)"
    )
    found_count, joined_count = cursor.fetchone() or (0, 0)
    assert found_count == joined_count > 5


def test_the_moments_differ_and_hold_restatements_and_edits(cursor: Cursor) -> None:
    for step in STEPS:
        assert past.difference(cursor, f"then_{step}.fct_daily_bars", f"then_{step + 1}.fct_daily_bars", "ticker")
    cursor.execute("select from then_2.fct_daily_bar_versions where version_number > 1")
    assert cursor.rowcount > 50
    cursor.execute("select from then_5.fct_article_versions where has_new_title and has_new_text and has_new_tickers")
    assert cursor.rowcount == 1


def test_no_session_knows_what_came_after_it(cursor: Cursor) -> None:
    assert past.changed_without_news(cursor, "then_4.mart_stock_days", "then_5.mart_stock_days", MOMENTS[3]) == 0


def test_every_view_over_raw_rows_is_held_to_the_moment(cursor: Cursor) -> None:
    assert past.unguarded_views(cursor, "as_of_staging") == []
    cursor.execute(
        "select distinct view_schema from information_schema.view_table_usage where table_schema like 'raw\\_%%'"
    )
    assert {schema for (schema,) in cursor.fetchall()} == {"staging", "as_of_staging"}


# Leaks, planted one by one in what was built; each must be found.


def test_a_version_known_too_early_is_found(cursor: Cursor) -> None:
    cursor.execute(
        "update intermediate.int_bars__versioned set known_from = known_from - interval '2 days' "
        "where version_number = 2 and known_from between '2015-12-19' and '2015-12-20'"
    )
    assert cursor.rowcount > 10
    assert "daily_bars_as_of" in past.queried(cursor, MOMENTS[0], "past_1", REASSIGNED)


def test_a_version_known_too_early_breaks_a_data_test(compiled: dict[str, str], cursor: Cursor) -> None:
    (test,) = (text for name, text in compiled.items() if name.startswith("sequential_versions_fct_daily_bar_versions"))
    cursor.execute(test)
    assert cursor.fetchall() == []
    cursor.execute(
        "update intermediate.int_bars__versioned set known_from = known_from - interval '1 hour' "
        "where version_number = 2"
    )
    cursor.execute(test)
    assert cursor.rowcount > 50


@pytest.mark.parametrize(
    ("table", "mart"),
    [("int_bars__versioned", "fct_daily_bar_versions"), ("int_articles__versioned", "fct_article_versions")],
)
def test_a_null_time_breaks_a_data_test(compiled: dict[str, str], cursor: Cursor, table: str, mart: str) -> None:
    test = compiled[f"not_null_{mart}_known_from"]
    cursor.execute(test)
    assert cursor.fetchall() == []
    cursor.execute(f"update intermediate.{table} set known_from = null where version_number = 2")
    changed = cursor.rowcount
    cursor.execute(test)
    assert cursor.rowcount == changed > 0


def test_a_version_that_never_ends_is_found(cursor: Cursor) -> None:
    cursor.execute("update intermediate.int_bars__versioned set known_to = null where version_number = 1")
    assert "daily_bars_as_of" in past.queried(cursor, MOMENTS[1], "past_2", REASSIGNED)


def test_a_join_on_the_time_of_publication_is_found(cursor: Cursor) -> None:
    # Of the stories published before the last but one moment, some were received only after it.
    cursor.execute("select pg_get_functiondef('marts.articles_as_of(timestamptz)'::regprocedure)")
    (definition,) = cursor.fetchone() or ("",)
    wrong = definition.replace("known_from <= as_of", "published_at <= as_of", 1)
    assert wrong != definition
    cursor.execute(
        wrong.replace("where published_at <= as_of and (known_to", "where published_at <= as_of or (known_to")
    )
    assert "articles_as_of" in past.queried(cursor, MOMENTS[2], "past_3", REASSIGNED)


def test_a_window_that_reaches_forward_is_found(compiled: dict[str, str], cursor: Cursor) -> None:
    query = compiled[WINDOWS]
    frame = "rows between 19 preceding and current row"
    assert frame in query
    wrong = query.replace(frame, "rows between 18 preceding and 1 following")
    for step in (4, 5):
        for name, text in (("right", query), ("wrong", wrong)):
            then = text.replace('"intermediate".', f'"inputs_{step}".')
            cursor.execute(f"create temporary table {name}_{step} as {then}")
    assert past.changed_without_news(cursor, "right_4", "right_5", MOMENTS[3]) == 0
    assert past.changed_without_news(cursor, "wrong_4", "wrong_5", MOMENTS[3]) > 10


def test_a_view_that_is_not_held_to_the_moment_is_found(cursor: Cursor) -> None:
    cursor.execute("select pg_get_viewdef('as_of_staging.stg_pystock__prices'::regclass)")
    (definition,) = cursor.fetchone() or ("",)
    wrong = definition.replace("_received_at <= ", "_received_at is not null or _received_at <> ")
    assert wrong != definition
    cursor.execute(f"create or replace view as_of_staging.stg_pystock__prices as {wrong}")
    assert past.unguarded_views(cursor, "as_of_staging") == ["stg_pystock__prices"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--target", "as_of", "--vars", '{as_of: "2024-03-15T00:00:00"}'), "not a point in time with its zone"),
        (("--target", "as_of", "--vars", '{as_of: "2024-02-30T00:00:00Z"}'), "not a point in time with its zone"),
        (("--target", "as_of", "--vars", '{as_of: "2015-10-01T00:00:00Z"}'), "the first row was received at 2015-1"),
        (("--target", "as_of"), "needs a moment"),
        (("--vars", '{as_of: "2024-03-15T00:00:00Z"}'), "would overwrite the present of the target live"),
    ],
)
def test_an_impossible_moment_is_refused(built: Warehouse, arguments: tuple[str, ...], complaint: str) -> None:
    done = built.dbt.run("run", "--select", "int_bars__versioned", *arguments)
    assert done.returncode == 1
    assert complaint in done.stdout
    assert "--target as_of --vars" in done.stdout or "use that moment or a later one" in done.stdout


def test_conditions_reach_the_index_through_the_function(cursor: Cursor) -> None:
    cursor.execute("set local enable_seqscan = off")
    cursor.execute(
        "explain select * from marts.daily_bars_as_of('2015-11-05') "
        "where ticker = 'AAPL' and trading_date = '2015-11-03'"
    )
    plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Function Scan" not in plan
    assert re.search(r"Index Scan using \w+ on int_bars__versioned|Index Cond:", plan)
    assert "ticker = 'AAPL'::text" in plan.split("int_bars__versioned", 1)[1]
