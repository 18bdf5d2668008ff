"""Everyday dbt commands as a user types them, on a warehouse that was just built."""

import signal
import time
from collections.abc import Iterator

import pytest
from psycopg2.extensions import connection as Connection

from tests.dbt import rawdata
from tests.dbt.conftest import MARTS, Warehouse
from tests.dbt.everyday import WITHOUT_TESTS, Copies, late_loads

ANOTHER_RUN = "another dbt run is writing to the target live"


@pytest.fixture(scope="module")
def copies(warehouse: Warehouse) -> Iterator[Copies]:
    """The states `raw` (loaded, not built), `built` (by `dbt build`) and `loaded` (built, then loads that no build has
    read)."""
    copies = Copies(warehouse)
    warehouse.load(rawdata.everything())
    copies.save("raw")
    warehouse.dbt.must("build", *WITHOUT_TESTS)
    copies.save("built")
    warehouse.load(late_loads())
    copies.save("loaded")
    yield copies
    copies.drop("raw", "built", "loaded")


@pytest.fixture(scope="module")
def as_built(copies: Copies) -> dict[str, str]:
    """Checksums of the marts after the first build."""
    return copies.restore("built").checksums()


@pytest.fixture(scope="module")
def refreshed(copies: Copies) -> dict[str, str]:
    """Checksums of the marts after a full refresh with all loads."""
    warehouse = copies.restore("loaded")
    warehouse.dbt.must("run", "--full-refresh")
    return warehouse.checksums()


@pytest.fixture
def built(copies: Copies) -> Warehouse:
    return copies.restore("built")


@pytest.fixture
def loaded(copies: Copies) -> Warehouse:
    return copies.restore("loaded")


def test_dbt_test_reads_what_dbt_build_reads_and_writes_nothing_but_failures(copies: Copies) -> None:
    def statements() -> dict[str, str]:
        results = warehouse.dbt.artifact("run_results")["results"]
        return {r["unique_id"]: r["compiled_code"] for r in results if r["unique_id"].startswith("test.")}

    warehouse = copies.restore("built")
    warehouse.dbt.must("build", "--select", "int_bars__versioned", "fct_daily_bars")
    of_build = statements()
    before = copies.relations()
    warehouse.dbt.must("test", "--exclude-resource-type", "unit_test")
    assert len(of_build) > 10
    assert of_build.items() <= statements().items()
    nodes = warehouse.dbt.artifact("manifest")["nodes"].values()
    failures = {f"quarantine.{node['alias']}" for node in nodes if node["resource_type"] == "test"}
    assert {name for name, _ in before.items() ^ copies.relations().items()} <= failures
    assert warehouse.rows("select tgrelid::regclass::text, tgname from pg_trigger where not tgisinternal") == []


def test_commands_that_read_answer_and_write_nothing(copies: Copies) -> None:
    warehouse = copies.restore("built")
    before = copies.relations()
    shown = warehouse.dbt.must("show", "--select", "fct_daily_bars", "--limit", "5")
    assert "security_key" in shown
    assert shown.count("2024-0") >= 5
    assert "1204" in warehouse.dbt.must("show", "--inline", "select count(*) as bars from {{ ref('fct_daily_bars') }}")
    compiled = warehouse.dbt.must("compile", "--select", "int_bars__chosen")
    assert '"intermediate"."int_bars__versioned"' in compiled
    warehouse.dbt.must("docs", "generate")
    described = warehouse.dbt.artifact("catalog")["nodes"]
    assert {f"model.marketloom.{mart}" for mart in MARTS} <= set(described)
    assert copies.relations() == before


def test_source_freshness_says_when_each_source_was_last_received(built: Warehouse) -> None:
    # The raw data is of 2024, so each source that must be fresh is stale.
    built.dbt.run("source", "freshness")
    results = built.dbt.artifact("sources")["results"]
    assert {result["status"] for result in results} <= {"pass", "warn", "error"}
    assert {result["unique_id"].split(".")[2] for result in results} >= {"raw_polygon", "raw_rss", "raw_calendar"}


def test_an_empty_run_of_one_mart_or_of_all_models_runs_and_a_build_fills_them_again(
    as_built: dict[str, str], built: Warehouse
) -> None:
    built.dbt.must("run", "--empty", "--select", "+fct_daily_bars")
    built.dbt.must("run", "--empty")
    built.dbt.must("run")
    assert built.checksums() == as_built


@pytest.mark.parametrize("mart", MARTS)
def test_a_single_mart_is_built_with_its_parents_on_an_empty_target(
    as_built: dict[str, str], copies: Copies, mart: str
) -> None:
    warehouse = copies.restore("raw")
    warehouse.dbt.must("build", "--select", f"+{mart}", *WITHOUT_TESTS, "--no-write-json")
    assert warehouse.checksums(f"marts.{mart}") == {f"marts.{mart}": as_built[f"marts.{mart}"]}


def test_a_run_of_the_models_after_staging_reads_new_loads(refreshed: dict[str, str], loaded: Warehouse) -> None:
    loaded.dbt.must("run", "--select", "int_bars__versioned+")
    bar = "select close_price from marts.fct_daily_bars where ticker = 'AV' and trading_date = '{}'"
    assert loaded.rows(bar.format(rawdata.sessions()[20])) == [(10.0 + 0.25 * 20 + 5.0 + 0.5,)]
    loaded.dbt.must("run")
    assert loaded.checksums() == refreshed


def test_a_run_that_failed_in_the_middle_is_finished_by_retry(refreshed: dict[str, str], loaded: Warehouse) -> None:
    table = "intermediate.int_bars__chosen"
    loaded.rows(f"alter table {table} add constraint broken check (known_from < '2024-01-01') not valid")
    failed = loaded.dbt.run("run")
    assert failed.returncode == 1
    assert "int_bars__chosen" in failed.stdout
    loaded.rows(f"alter table {table} drop constraint broken")
    loaded.dbt.must("retry")
    retried = [r["unique_id"] for r in loaded.dbt.artifact("run_results")["results"]]
    assert "model.marketloom.int_bars__chosen" in retried
    assert "model.marketloom.int_bars__versioned" not in retried
    assert loaded.checksums() == refreshed


@pytest.mark.parametrize("model", ["int_tickers__assigned", "int_bars__sequenced"])
def test_after_a_full_refresh_of_one_model_a_plain_run_gives_what_a_full_refresh_of_all_gives(
    refreshed: dict[str, str], loaded: Warehouse, model: str
) -> None:
    loaded.dbt.must("build", "--full-refresh", "--select", model)
    loaded.dbt.must("run")
    assert loaded.checksums() == refreshed


def test_of_two_builds_started_together_the_second_stops_or_waits(
    refreshed: dict[str, str], copies: Copies, loaded: Warehouse
) -> None:
    both = [copies.start("build", *WITHOUT_TESTS) for _ in range(2)]
    outputs = [process.communicate(timeout=300)[0] for process in both]
    failed = [output for process, output in zip(both, outputs, strict=True) if process.returncode != 0]
    assert len(failed) <= 1, outputs
    assert all(ANOTHER_RUN in output for output in failed), outputs
    assert loaded.checksums() == refreshed


def test_a_killed_run_does_not_block_the_next(refreshed: dict[str, str], copies: Copies, loaded: Warehouse) -> None:
    process = copies.start("run")
    in_the_middle = "select 1 from pg_stat_activity where query like '/* dbt live % model.marketloom.int_bars__%'"
    while not loaded.rows(in_the_middle):
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    loaded.dbt.must("run")
    assert loaded.checksums() == refreshed


def test_a_run_stops_only_while_another_one_writes_to_its_target(copies: Copies, built: Warehouse) -> None:
    def another(command: str) -> Connection:
        """A connection of another dbt process, by its last statement."""
        connection = built.connect()
        with connection.cursor() as cursor:
            cursor.execute(f"/* dbt {command} another-run model.marketloom.int_bars__chosen */ select 1")
        return connection

    harmless = [another(command) for command in ("live staging test", "live staging compile", "dev dev_ann run")]
    built.dbt.must("run", "--select", "dim_sessions")
    writing = another("live staging run")
    refused = built.dbt.run("run", "--select", "dim_sessions")
    assert refused.returncode == 1
    assert ANOTHER_RUN in refused.stdout
    built.dbt.must("test", "--select", "dim_sessions", "--exclude-resource-type", "unit_test")
    copies.must_dev("run", "--select", "stg_calendar__days")
    for connection in (*harmless, writing):
        connection.close()
