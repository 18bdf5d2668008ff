"""A run killed with SIGKILL at any point is finished by the next one, without losing or doubling a row."""

import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from ingestion.config import Settings
from ingestion.landing import Landing
from ingestion.load.raw import LoadError
from ingestion.sources import SOURCES
from ingestion.warehouse.lock import AlreadyRunning, locked
from ingestion.warehouse.server import Warehouse
from tests.runs import make_run
from tests.warehouse import checksum, rows, value

HEADLINES = 3_000
BARS = 300_000  # three pieces
OWN = "source = 'headlines'"

# Where a run is killed: before or after the n-th call of a function. The first pass of dlt's steps belongs to
# the raw schema, the second to raw_ops.
POINTS = [
    ("ingestion.landing:Landing.write", "after", 1),
    ("ingestion.pipeline:Run._parse", "after", 1),
    ("dlt.extract.extract:Extract.commit_packages", "before", 1),
    ("dlt.extract.extract:Extract.commit_packages", "after", 1),
    ("dlt.extract.extract:Extract.commit_packages", "after", 2),
    ("dlt.pipeline.pipeline:Pipeline._save_state", "before", 2),
    ("dlt.normalize.normalize:Normalize.run", "before", 1),
    ("dlt.normalize.normalize:Normalize.run", "after", 2),
    ("ingestion.load.destination:CopyOnceJob.run", "before", 1),
    ("ingestion.load.destination:CopyOnceJob.run", "after", 1),
    ("ingestion.load.destination:CopyOnceJob.run", "after", 2),
    ("ingestion.load.destination:InsertOnceJob.run", "before", 1),
    ("ingestion.load.destination:InsertOnceJob.run", "after", 1),
    ("ingestion.load.destination:ExactlyOnceClient.complete_load", "before", 1),
    ("ingestion.load.destination:ExactlyOnceClient.complete_load", "after", 1),
    ("ingestion.pipeline:Run._ops_rows", "before", 1),
    ("ingestion.pipeline:Run._account", "before", 1),
]


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "headlines.csv"
    good = [f'"Headline number {n}",2020-01-01 10:00:00-05:00,AB{n % 7}' for n in range(HEADLINES)]
    path.write_text("\n".join(["title,date,stock", *good, "No date,,AAPL", ""]))
    return path


def run_and_kill(path: Path, place: str, when: str, nth: int, source: str = "headlines", rows: int = 10**9) -> int:
    """Backfill in a process that kills itself at the n-th call of a function; its exit status.

    `rows` is the number of rows per package.
    """
    module, _, name = place.partition(":")
    script = f"""
        import functools, importlib, itertools, os, signal
        module = importlib.import_module({module!r})
        owner_name, _, attribute = {name!r}.rpartition(".")
        owner = getattr(module, owner_name) if owner_name else module
        original = getattr(owner, attribute)
        calls = itertools.count(1)

        @functools.wraps(original)
        def cut(*args, **kwargs):
            number = next(calls)
            if number == {nth} and {when!r} == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = original(*args, **kwargs)
            if number == {nth} and {when!r} == "after":
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(owner, attribute, cut)
        from ingestion.load import raw
        from ingestion.cli import app
        raw.ROWS_PER_PACKAGE = {rows}
        app(["backfill", {source!r}, {str(path)!r}])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=dict(os.environ), capture_output=True)
    return done.returncode


@pytest.mark.parametrize(("place", "when", "nth"), POINTS)
def test_a_killed_run_is_finished_by_the_next(settings: Settings, csv: Path, place: str, when: str, nth: int) -> None:
    assert run_and_kill(csv, place, when, nth) == -signal.SIGKILL
    report = make_run(settings, SOURCES["headlines"]).backfill([csv])
    assert report.failures == []
    assert value(settings, "select count(*) from raw_headlines.headlines") == HEADLINES
    assert value(settings, "select count(distinct _row_number) from raw_headlines.headlines") == HEADLINES
    assert rows(settings, "select entity, count(*) from raw_ops.quarantine group by 1") == [("headlines", 1)]
    assert rows(settings, f"select outcome, rows_received, rows_quarantined from raw_ops.requests where {OWN}") == [
        ("ok", HEADLINES + 1, 1)
    ]
    assert value(settings, "select count(*) from raw_headlines._dlt_loads") == value(
        settings, "select count(distinct load_id) from raw_headlines._dlt_loads"
    )


@pytest.mark.parametrize(
    ("place", "when", "nth"),
    [
        ("ingestion.landing:Landing.write", "after", 2),
        ("dlt.extract.extract:Extract.commit_packages", "after", 1),
        ("dlt.extract.extract:Extract.commit_packages", "after", 3),
        ("dlt.common.storages:LoadStorage.commit_new_load_package", "after", 1),
        ("shutil:_rmtree_safe_fd", "after", 1),  # the extracted package is half deleted
        ("ingestion.load.raw:RawSchema._finish", "before", 1),
        ("ingestion.load.raw:RawSchema._finish", "after", 2),
        ("pathlib:Path.rename", "after", 2),
        ("ingestion.load.destination:CopyOnceJob.run", "before", 3),
        ("ingestion.load.destination:CopyOnceJob.run", "after", 1),
        ("ingestion.load.destination:CopyOnceJob.run", "after", 2),
        ("ingestion.load.destination:ExactlyOnceClient.complete_load", "after", 3),
    ],
)
def test_a_killed_load_of_a_file_in_packages_is_finished_by_the_next(
    settings: Settings, tmp_path: Path, place: str, when: str, nth: int
) -> None:
    names = ("open", "high", "low", "close", "volume", "adj_close")
    bars = {name: np.arange(1, BARS + 1, dtype=float) for name in names}
    symbols = [f"T{number % 5000}" for number in range(BARS)]
    path = tmp_path / "bars.parquet"
    parquet.write_table(pa.table({"symbol": symbols, "date": [date(2015, 10, 1)] * BARS, **bars}), path)
    assert run_and_kill(path, place, when, nth, source="pystock", rows=100_000) == -signal.SIGKILL
    report = make_run(settings, SOURCES["pystock"]).backfill([path])
    assert report.failures == []
    assert value(settings, "select count(*) from raw_pystock.prices") == BARS
    assert value(settings, "select count(distinct close) from raw_pystock.prices") == BARS
    loads = "select status, count(*) = count(distinct load_id) from raw_pystock._dlt_loads group by 1"
    assert rows(settings, loads) == [(0, True)]
    assert value(settings, "select sum(row_count) from raw_pystock._loaded_files where file_name ~ '^prices'") == BARS
    again = make_run(settings, SOURCES["pystock"]).backfill([path])
    assert (again.failures, again.loaded) == ([], {})


def test_a_killed_replay_is_finished_by_the_next_run(settings: Settings, csv: Path) -> None:
    landing = Landing(settings.landing_url)
    make_run(settings, SOURCES["headlines"], landing).backfill([csv])
    before = checksum(settings, "raw_headlines.headlines", without=("_dlt_load_id",))
    script = """
        import os, signal
        from ingestion.load import raw
        raw.RawSchema.load = lambda self, rows: os.kill(os.getpid(), signal.SIGKILL)
        from ingestion.cli import app
        app(["replay", "headlines"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], env=dict(os.environ), capture_output=True)
    assert done.returncode == -signal.SIGKILL
    assert value(settings, "select count(*) from raw_headlines.headlines") == 0
    assert make_run(settings, SOURCES["headlines"], landing).backfill([csv]).failures == []
    assert checksum(settings, "raw_headlines.headlines", without=("_dlt_load_id",)) == before


def test_loading_the_same_file_twice_adds_nothing(settings: Settings, csv: Path) -> None:
    landing = Landing(settings.landing_url)
    first = make_run(settings, SOURCES["headlines"], landing).backfill([csv])
    again = make_run(settings, SOURCES["headlines"], landing).backfill([csv])
    assert (first.loaded, again.loaded) == ({"headlines": HEADLINES}, {})
    assert value(settings, "select count(*) from raw_headlines.headlines") == HEADLINES
    assert value(settings, "select count(*) from raw_ops.requests") == 1


def test_two_runs_of_one_source_do_not_overlap(settings: Settings, csv: Path) -> None:
    with locked(Warehouse(settings), "headlines"), pytest.raises(AlreadyRunning, match="headlines"):
        make_run(settings, SOURCES["headlines"]).backfill([csv])


def test_a_run_waits_a_moment_for_one_that_is_ending(settings: Settings) -> None:
    def hold() -> bool:
        with locked(Warehouse(settings), "headlines"):
            return True

    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    with ThreadPoolExecutor(1) as pool:
        with locked(Warehouse(settings), "headlines"):
            held = pool.submit(hold)
            while not (held.done() or value(settings, waiting)):
                pass
        assert held.result()


def test_a_source_is_free_as_soon_as_its_run_is_over(settings: Settings) -> None:
    for _ in range(50):
        with locked(Warehouse(settings), "headlines"):
            pass


def test_a_clock_that_went_back_is_named_with_the_remedy(settings: Settings, csv: Path) -> None:
    run = make_run(settings, SOURCES["headlines"])
    assert run.backfill([csv]).failures == []
    with Warehouse(settings).connect() as connection, connection.cursor() as cursor:
        cursor.execute("update raw_headlines._dlt_loads set inserted_at = inserted_at + interval '2 hours'")
    later = csv.with_name("later.csv")
    later.write_text(csv.read_text().replace("One", "Later"))
    with pytest.raises(LoadError, match=r"correct the clock; if it was ahead .* `marketloom replay headlines`"):
        make_run(settings, SOURCES["headlines"]).backfill([later])
    assert make_run(settings, SOURCES["headlines"]).replay().failures == []
    assert make_run(settings, SOURCES["headlines"]).backfill([later]).failures == []
