"""Every raw table can be rebuilt from landing alone, on any file system, with the same values."""

from datetime import date, datetime
from pathlib import Path

import pytest

from ingestion.config import Settings
from ingestion.extract.window import Window
from ingestion.landing import bulk_files
from ingestion.sources import SOURCES
from sandbox.archives import write_archives
from sandbox.headlines import write_headlines
from sandbox.market import Market
from sandbox.server import Sandbox
from tests.integration.providers import NOW, ingest, replay
from tests.runs import make_run
from tests.warehouse import checksum, value

OPS = ("raw_ops.requests", "raw_ops.quarantine")


def tables_of(name: str) -> list[str]:
    return [*(f"raw_{name}.{table.name}" for table in SOURCES[name].tables), *OPS]


def checksums(settings: Settings, name: str) -> dict[str, str]:
    return {table: checksum(settings, table, without=("_dlt_load_id",)) for table in tables_of(name)}


def backfill(settings: Settings, name: str, paths: list[Path]) -> None:
    report = make_run(settings, SOURCES[name]).backfill(paths)
    assert report.failures == [] and report.loaded


def fill(settings: Settings, name: str, market: Market, folder: Path) -> None:
    """Two loads of the source from the simulated market."""
    first, last = date(2024, 3, 11), date(2024, 3, 14)
    if name == "pystock":
        paths = write_archives(market, folder, first, last)
        (folder / "20240315.tar.gz").write_bytes(paths[0].read_bytes()[:2000])
        backfill(settings, name, paths[:2])
        backfill(settings, name, sorted(folder.glob("*.tar.gz")))
    elif name == "headlines":
        write_headlines(market, folder / "headlines.csv", first, last)
        backfill(settings, name, [folder / "headlines.csv"])
    elif name == "calendar":
        for day in (date(2024, 1, 1), date(2023, 12, 1)):
            window = Window(datetime.combine(day, NOW.timetz()), since=day)
            assert make_run(settings, SOURCES[name]).ingest(window).failures == []
    else:
        ingest(settings, name)
        ingest(settings, name, since="2024-03-12")


@pytest.mark.parametrize("name", SOURCES)
def test_a_replay_gives_identical_tables_without_a_request(
    settings: Settings, sandbox: Sandbox, market: Market, tmp_path: Path, name: str
) -> None:
    fill(settings, name, market, tmp_path)
    before, requests = checksums(settings, name), len(sandbox.requests)
    assert before[tables_of(name)[0]] != "None" != before["raw_ops.requests"]
    report = replay(settings, name)
    assert report.failures == [] and len(sandbox.requests) == requests
    assert checksums(settings, name) == before
    assert value(settings, f"select count(distinct _dlt_load_id) from {tables_of(name)[0]}") == 1


def test_a_source_that_landed_nothing_replays_to_nothing(settings: Settings) -> None:
    assert replay(settings, "rss").failures == []
    assert value(settings, "select count(*) from raw_rss.entries") == 0


def test_bulk_files_landed_before_are_passed_over(settings: Settings, market: Market, tmp_path: Path) -> None:
    paths = write_archives(market, tmp_path, date(2024, 3, 11), date(2024, 3, 14))
    backfill(settings, "pystock", paths)
    before = checksums(settings, "pystock")
    again = make_run(settings, SOURCES["pystock"]).backfill(paths)
    assert again.failures == [] and again.received.total() == 0 and checksums(settings, "pystock") == before
    assert bulk_files.find([tmp_path], SOURCES["pystock"].file_patterns).files == sorted(paths)


def test_the_landing_zone_may_be_any_file_system(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKETLOOM_LANDING", f"memory://{settings.database}")
    assert settings.landing_url == f"memory://{settings.database}/live"
    ingest(settings, "polygon")
    before, requests = checksums(settings, "polygon"), len(sandbox.requests)
    assert not (settings.home / "landing").exists()
    assert replay(settings, "polygon").failures == []
    assert checksums(settings, "polygon") == before and len(sandbox.requests) == requests
