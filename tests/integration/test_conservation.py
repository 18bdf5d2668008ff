"""Rows received = rows in raw + rows in quarantine, whatever is received; raw rows are never changed."""

from datetime import timedelta

import pytest

from ingestion.config import Settings
from ingestion.sources import SOURCES
from sandbox.server import Sandbox
from tests.integration.providers import FEEDS, GROUPED, NOW, TICKERS, altered, conserved, ingest
from tests.warehouse import rows, value

TABLES = {name: [table.name for table in SOURCES[name].tables] for name in ("polygon", "alpha_vantage", "rss")}


def books(settings: Settings, source: str) -> tuple[int, int, int]:
    """Rows received, loaded and quarantined, from the warehouse itself."""
    received = value(settings, f"select sum(rows_received) from raw_ops.requests where source = '{source}'")
    loaded = sum(value(settings, f"select count(*) from raw_{source}.{table}") for table in TABLES[source])
    return received, loaded, value(settings, f"select count(*) from raw_ops.quarantine where source = '{source}'")


@pytest.mark.parametrize(("seed", "days"), [(1, 0), (3, 111)])
def test_every_row_is_loaded_or_quarantined(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, seed: int, days: int
) -> None:
    now = NOW + timedelta(days=days, hours=seed * 5)
    sandbox.set_clock(now)
    faults = [("truncate", TICKERS[0]), ("html", TICKERS[1]), ("empty", TICKERS[2]), ("reset", FEEDS[seed])]
    for kind, part in faults[seed - 1 :]:
        sandbox.add_fault(part, kind, times=seed)
    sandbox.add_fault("/rss/tape.xml", "truncate", times=1)

    def spoil(content: dict[str, list[object]]) -> None:
        for place in range(0, len(content["results"]), 5):
            content["results"][place] = [{"T": "X"}, "no row", None, {"T": "", "o": "one"}][place // 5 % 4]

    altered(sandbox, GROUPED, spoil)
    for source in TABLES:
        for _ in range(2):
            report = ingest(settings, source, now)
            assert conserved(report), report
            assert not any("received" in line for line in report.failures)
        received, loaded, quarantined = books(settings, source)
        assert received == loaded + quarantined > 0
    broken = "select count(*) from raw_ops.quarantine where entity = 'entries' and reason like 'published: %'"
    assert value(settings, broken) > 0
    refused = rows(settings, "select distinct reason from raw_ops.quarantine where entity = 'bars'")
    assert len(refused) >= 3


def test_raw_is_only_ever_appended_to(settings: Settings, sandbox: Sandbox) -> None:
    def standing(source: str, table: str) -> set[str]:
        return {text for (text,) in rows(settings, f"select t::text from raw_{source}.{table} t")}

    places = [(source, table) for source in ("polygon", "rss") for table in TABLES[source]]
    before: dict[tuple[str, str], set[str]] = {}
    for now in (NOW, NOW + timedelta(days=3)):
        sandbox.set_clock(now)
        for source in ("polygon", "rss"):
            ingest(settings, source, now)
        for place in places:
            after = standing(*place)
            assert after >= before.get(place, set())
            before[place] = after
    assert before[("polygon", "bars")] and before[("rss", "entries")]


def test_books_that_do_not_balance_are_a_failure(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestion.load.schemas.rows_loaded", lambda raw, after: {"entries": 3})
    report = ingest(settings, "rss")
    assert report.is_failed and "rss.entries: received" in report.failures[0] and "replay rss" in report.failures[0]
