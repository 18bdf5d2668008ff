"""What was known at a moment is found again: built from what had been received by then, built as of then from
everything, and asked for in SQL, the marts are the same. And where something looks ahead, a test says so.

The loads come in five steps, two of real archives and three of the simulated market. After each the present is built
and kept; at the end the past is built for each moment. Marts and functions are found in the warehouse, not listed here.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor
from rich.console import Console

from ingestion import config, runner
from ingestion.config import Settings
from sandbox.market import Market
from sandbox.server import Sandbox
from tests.dbt import past
from tests.dbt.conftest import House
from tests.dbt.rawdata import Load
from tests.dbt.test_incremental import EARLY_VIEWS
from tests.shared import DATA, need
from tests.warehouse import key_of

ARCHIVES = (("20151216", "20151217"), ("20151218",))
CLOCKS = ("2024-03-15T12:00:00+00:00", "2024-03-15T22:30:00+00:00", "2024-03-19T23:00:00+00:00")
MOMENTS = ("2015-12-18T20:00:00Z", "2015-12-20T00:00:00Z", "2024-03-15T12:00:30Z", "2024-03-15T22:30:30Z")
STEPS = range(1, len(MOMENTS) + 1)
# Between the third and the fourth moment it comes out that this ticker was another company's until the 1st of March.
REKEYED = "WEFT"


@dataclass(frozen=True)
class Elsewhere(Settings):
    """The simulated market's settings, with the warehouse of the test in place of marketloom_sandbox."""

    place: str = ""

    @property
    def database(self) -> str:
        return self.place


@pytest.fixture(scope="module")
def told(house: House, tmp_path_factory: pytest.TempPathFactory) -> House:
    """Schemas then_1 … then_4 with the marts as they were, past_1 … past_4 with the past as built at the end."""
    folder, quiet = need(DATA / "pystock"), Console(quiet=True)
    house.dbt.must(
        "build", "--quiet", "--select", *EARLY_VIEWS, "resource_type:seed", "--exclude-resource-type", "test"
    )
    with pytest.MonkeyPatch.context() as patch, Sandbox(market=Market(seed=7, securities=24)) as sandbox:
        home = str(tmp_path_factory.mktemp("home"))
        for name, value in {"PGHOST": str(house.dbt.server), "PGUSER": "postgres", "MARKETLOOM_HOME": home}.items():
            patch.setenv(name, value)
        patch.setenv("PGDATABASE", house.dbt.database)
        patch.setenv("MARKETLOOM_SANDBOX_URL", sandbox.url)
        live, simulated = config.load("live"), config.load("sandbox")
        simulated = Elsewhere(simulated.root, simulated.home, simulated.target, house.dbt.database)
        runner.ingest(live, ["calendar"], None, None, (), quiet)
        date_back_the_calendar(house)
        for step, names in enumerate(ARCHIVES, 1):
            runner.backfill(live, "pystock", [folder / f"{name}.tar.gz" for name in names], quiet)
            build_present(house, step)
        for step, clock in enumerate(CLOCKS, len(ARCHIVES) + 1):
            sandbox.set_clock(clock)
            runner.ingest(simulated, ["polygon", "alpha_vantage", "rss"], None, None, (), quiet)
            house.load([edition(step)] if step <= len(MOMENTS) else [])
            build_present(house, step)
    for step, moment in zip(STEPS, MOMENTS, strict=True):
        build_past(house, moment)
        with house.connect().cursor() as cursor:
            past.keep(cursor, "as_of_marts", f"past_{step}")
    return house


def date_back_the_calendar(house: House) -> None:
    """It is taken as known from the beginning; so is the account of its loading, lest the books differ."""
    house.rows("update raw_calendar.days set _received_at = '2000-01-01+00'")
    house.rows("update raw_ops.requests set _received_at = '2000-01-01+00' where source = 'calendar'")


def edition(step: int) -> Load:
    """A story that a provider rewrites between the third and the fourth moment: title, text and tickers."""
    hour, words, tickers = (11, "First words", ["LOOM"]) if step == 3 else (14, "Other words", ["LOOM", "WEFT"])
    story = {"id": "edited", "title": f"{words} on $WARP", "description": words, "tickers": json.dumps(tickers)}
    known = datetime(2024, 3, 15, hour, tzinfo=UTC)
    row = {**story, "article_url": "https://edited.example/1", "published_utc": datetime(2024, 3, 15, 9, tzinfo=UTC)}
    load = Load("polygon", f"9{step}.0").add("news", f"edition-{step}", known, [row])
    if step == 4:
        gone = {"ticker": REKEYED, "name": "Weft of old", "composite_figi": "BBG00WEFTOLD", "active": False}
        load.add("tickers", "tickers-late", known, [{**gone, "delisted_utc": datetime(2024, 3, 1, 5, tzinfo=UTC)}])
    return load


def build_present(house: House, step: int) -> None:
    house.dbt.must("run", "--quiet", "--exclude", *EARLY_VIEWS)
    with house.connect().cursor() as cursor:
        past.keep(cursor, "marts", f"then_{step}")


def build_past(house: House, moment: str) -> None:

    arguments = ("--quiet", "--target", "as_of", "--vars", f'{{as_of: "{moment}"}}')
    house.dbt.must("build", *arguments, "--exclude-resource-type", "test", "unit_test")


@pytest.fixture(scope="module")
def compiled(told: House) -> dict[str, str]:
    """The SQL of the models and tests of the present that leaks are planted in or found by, as dbt compiles it."""
    names = ("fct_daily_bar_versions_follow_one_another_without_gap", "mart_stock_days")
    told.dbt.must("compile", "--quiet", "--select", *names)
    nodes = told.dbt.artifact("manifest")["nodes"].values()
    return {node["name"]: node["compiled_code"] for node in nodes if node["name"] in names}


@pytest.fixture
def cursor(told: House) -> Iterator[Cursor]:
    """A cursor whose changes are undone after the test."""
    connection = told.connect()
    connection.autocommit = False
    with connection.cursor() as cursor:
        yield cursor
    connection.rollback()
    connection.close()


@pytest.mark.parametrize("step", STEPS)
def test_building_the_past_gives_what_was_built_then(cursor: Cursor, step: int) -> None:
    assert past.differences(cursor, f"then_{step}", f"past_{step}") == {}


@pytest.mark.parametrize("step", STEPS)
def test_asking_for_the_past_gives_what_building_it_gives(cursor: Cursor, step: int) -> None:
    assert {"daily_bars_as_of", "articles_as_of"} <= set(past.functions(cursor))
    assert past.asked(cursor, MOMENTS[step - 1], f"past_{step}", REKEYED) == {}


def test_a_ticker_that_was_anothers_is_keyed_as_was_known(cursor: Cursor) -> None:
    keys = (
        f"select count(distinct security_key), count(*) filter (where security_key = {key_of('ticker')}) > 0 "
        "from {} where {}"
    )
    for mart in ("fct_daily_bar_versions", "fct_daily_bars", "fct_daily_bars_adjusted", "fct_daily_indicators"):
        for schema, told in (
            ("then_3", (1, True)),
            ("then_4", (2, True)),
            ("past_3", (1, True)),
            ("past_4", (2, True)),
        ):
            cursor.execute(keys.format(f"{schema}.{mart}", f"ticker = '{REKEYED}'"))
            assert cursor.fetchone() == told, (schema, mart)
    # The functions tell the values of then, under the companies of today.
    answer = f"(select * from marts.daily_bars_as_of('{MOMENTS[2]}') where ticker = '{REKEYED}') as answer"
    values = past.columns(cursor, "past_3", "fct_daily_bars").removeprefix("security_key, ")
    then = f"(select * from past_3.fct_daily_bars where ticker = '{REKEYED}') as bars"
    assert past.difference(cursor, answer, then, values) == 0
    cursor.execute(
        f"select count(*), count(b.ticker) from {answer} left join marts.fct_daily_bars b "
        "on (b.security_key, b.ticker, b.trading_date) = (answer.security_key, answer.ticker, answer.trading_date)"
    )
    told_count, found_count = cursor.fetchone() or (0, 0)
    assert told_count == found_count > 5


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
        "update marts.fct_daily_bar_versions set known_from = known_from - interval '2 days' "
        "where version_number = 2 and known_from between '2015-12-19' and '2015-12-20'"
    )
    assert cursor.rowcount > 10
    assert "daily_bars_as_of" in past.asked(cursor, MOMENTS[0], "past_1", REKEYED)


def test_a_version_known_too_early_breaks_a_data_test(compiled: dict[str, str], cursor: Cursor) -> None:
    test = compiled["fct_daily_bar_versions_follow_one_another_without_gap"]
    cursor.execute(test)
    assert cursor.fetchall() == []
    cursor.execute(
        "update marts.fct_daily_bar_versions set known_from = known_from - interval '1 hour' where version_number = 2"
    )
    cursor.execute(test)
    assert cursor.rowcount > 50


@pytest.mark.parametrize("mart", ["fct_daily_bar_versions", "fct_article_versions"])
def test_a_null_time_is_refused_by_the_contract(cursor: Cursor, mart: str) -> None:
    with pytest.raises(psycopg2.errors.NotNullViolation):
        cursor.execute(f"update marts.{mart} set known_from = null where version_number = 2")


def test_a_version_that_never_ends_is_found(cursor: Cursor) -> None:
    cursor.execute("update marts.fct_daily_bar_versions set known_to = null where version_number = 1")
    assert "daily_bars_as_of" in past.asked(cursor, MOMENTS[1], "past_2", REKEYED)


def test_a_join_on_the_time_of_publication_is_found(cursor: Cursor) -> None:
    # Of the stories published before the last but one moment, some were received only after it.
    cursor.execute("select pg_get_functiondef('marts.articles_as_of(timestamptz)'::regprocedure)")
    (definition,) = cursor.fetchone() or ("",)
    wrong = definition.replace("known_from <= as_of", "published_at <= as_of", 1)
    assert wrong != definition
    cursor.execute(
        wrong.replace("where published_at <= as_of and (known_to", "where published_at <= as_of or (known_to")
    )
    assert "articles_as_of" in past.asked(cursor, MOMENTS[2], "past_3", REKEYED)


def test_a_window_that_reaches_forward_is_found(compiled: dict[str, str], cursor: Cursor) -> None:
    query = compiled["mart_stock_days"]
    frame = "rows between 19 preceding and current row"
    assert frame in query
    wrong = query.replace(frame, "rows between 18 preceding and 1 following")
    for step in (4, 5):
        for name, text in (("right", query), ("wrong", wrong)):
            then = text.replace('"marts".', f'"then_{step}".')
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
def test_an_impossible_moment_is_refused(told: House, arguments: tuple[str, ...], complaint: str) -> None:
    done = told.dbt.run("run", "--select", "int_bars__versioned", *arguments)
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
    assert re.search(r"Index Scan using \w+ on fct_daily_bar_versions|Index Cond:", plan)
    assert "ticker = 'AAPL'::text" in plan.split("fct_daily_bar_versions", 1)[1]
