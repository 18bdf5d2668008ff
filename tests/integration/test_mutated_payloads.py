"""Damaged payloads and bulk files: every row is loaded or quarantined, and dbt builds what was loaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from ingestion.config import Settings
from ingestion.extract.plan import Plan
from ingestion.extract.window import Window
from ingestion.landing import Landed, Landing
from ingestion.load.outcome import parse
from ingestion.parsing.diagnosis import diagnose
from ingestion.sources import SOURCES
from sandbox.server import Sandbox
from tests.dbt.conftest import Dbt
from tests.integration.damaged_files import damage_files
from tests.integration.providers import NOW, ingest
from tests.mutations import mutated
from tests.runs import make_client, make_run
from tests.shared import PAYLOADS, ROOT
from tests.soak import SOAK
from tests.warehouse import rows, value

PROVIDERS = ("polygon", "alpha_vantage", "rss")
PAYLOAD_COUNT = 7_000 if SOAK else 200
BATCH = 1_000
SEED = int(os.environ.get("MARKETLOOM_SEED", "20240315"))
LARGEST_SAMPLE = 64 * 1024
REAL = {
    ("polygon", "grouped_daily"): "spec_grouped*",
    ("polygon", "aggs"): "*aggs_*.json",
    ("polygon", "tickers"): "*tickers*.json",
    ("polygon", "splits"): "mock_splits.json",
    ("polygon", "news"): "*news*.json",
    ("alpha_vantage", "daily"): "*daily*",
    ("alpha_vantage", "news"): "news_*.json",
    ("rss", "feed"): "*",
}


def samples(settings: Settings) -> list[Landed]:
    """Good responses of every endpoint: of the simulated market, and real ones where they are at hand."""
    found: list[Landed] = []
    for source in PROVIDERS:
        for tickers in ((), ("LOOM",)):
            window = Window(NOW, date(2024, 3, 13), date(2024, 3, 15), tickers, timedelta(days=4))
            with closing(make_client(settings, SOURCES[source], f"{settings.home}/samples")) as client:
                plan = Plan(SOURCES[source], client, window, {}, settings.sessions_folder)
                calls = plan.calls()
                with suppress(StopIteration):
                    found.append(next(calls))
                    while True:
                        found.append(calls.send(parse(SOURCES[source], found[-1])[1]))
            assert plan.failures == []
    for (source, endpoint), pattern in REAL.items():
        like = next(landed for landed in found if (landed.source, landed.endpoint) == (source, endpoint))
        paths = sorted((PAYLOADS / source).glob(pattern))
        found += [replace(like, body=path.read_bytes()) for path in paths if not path.name.endswith(".meta.json")]
    return [landed for landed in found if 0 < len(landed.body) <= LARGEST_SAMPLE]


def payloads(good: list[Landed], count: int) -> Iterator[Landed]:
    """Damaged responses, as the client lands them; a few are undamaged."""
    random, received_at = Random(SEED), NOW
    kinds = sorted({(landed.source, landed.endpoint) for landed in good})
    for _ in range(count):
        kind = random.choice(kinds)
        landed = random.choice([each for each in good if (each.source, each.endpoint) == kind])
        body = landed.body if random.random() < 0.02 else mutated(landed.body, random)
        headers = dict(landed.headers)
        if random.random() < 0.1:
            headers["content-type"] = random.choice(("text/html", "text/xml; charset=utf-16", "", "x", "a;b;=c"))
        error = (SOURCES[landed.source].diagnose or diagnose)(200, headers, body)
        received_at += timedelta(seconds=random.choice((0, 1, 60)))
        landed = replace(landed, body=body, headers=headers, cursors={}, response_id="", stamp="", path="")
        landed = replace(landed, requested_at=received_at, received_at=received_at)
        yield replace(landed, outcome=error.outcome, error_message=error.detail) if error else landed


def assert_every_row_has_its_place(settings: Settings) -> None:
    """For each response: rows received = rows loaded + rows quarantined."""
    sources = (*PROVIDERS, "pystock", "headlines")
    tables = [f"raw_{source}.{table.name}" for source in sources for table in SOURCES[source].tables]
    held = " union all ".join(f"select _response_id from {table}" for table in [*tables, "raw_ops.quarantine"])
    query = (
        "select requests._response_id, rows_received, coalesce(row_count, 0) from raw_ops.requests left join "
        f"(select _response_id, count(*) as row_count from ({held}) each_row group by 1) counted using (_response_id) "
        "where rows_received <> coalesce(row_count, 0) and source <> 'calendar'"
    )
    assert rows(settings, query) == []
    bugs = "select reason, _response_id from raw_ops.quarantine where reason ~* 'parser failed|unexpected|Traceback'"
    assert rows(settings, bugs) == []


@pytest.fixture
def dbt(server: Path, settings: Settings, tmp_path: Path) -> Dbt:
    """dbt on the test's own database."""
    folder = tmp_path / "dbt"
    folder.mkdir()
    shutil.copy(ROOT / "profiles.yml.example", folder / "profiles.yml")
    return Dbt(server, settings.database, folder)


def test_damaged_payloads_and_files_lose_no_row_and_break_no_build(
    settings: Settings, sandbox: Sandbox, dbt: Dbt, tmp_path: Path
) -> None:
    ingest(settings, "calendar", since="1900-01-01")  # the commands begin it at the earliest bar
    good, landing = samples(settings), Landing(settings.landing_url)
    damaged = payloads(good, PAYLOAD_COUNT)
    for _ in range(0, PAYLOAD_COUNT, BATCH):
        for _, landed in zip(range(BATCH), damaged, strict=False):
            landing.write(landed)
        for source in PROVIDERS:
            report = make_run(settings, SOURCES[source], landing).load_landed()
            assert report.failures == []
        assert_every_row_has_its_place(settings)
    damage_files(settings, tmp_path / "files", Random(SEED), PAYLOAD_COUNT // 2)
    assert_every_row_has_its_place(settings)
    assert value(settings, "select count(*) from raw_ops.requests") >= PAYLOAD_COUNT
    assert value(settings, "select count(*) from raw_ops.quarantine") > PAYLOAD_COUNT / 4
    # The excluded tests warn of many suspect bars and of missing sessions, as there are here.
    apart = ("suspect_bars_are_rarer_than_one_in_a_thousand", "no_session_is_missing_between_first_and_last_bar")
    dbt.must("build", "--quiet", "--exclude", *apart, "--exclude-resource-type", "unit_test", "--threads", "2")
