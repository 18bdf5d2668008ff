"""A key is only in the request that needs it, whatever the provider sends back."""

import gzip
import io
import logging
import shutil
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, quote_plus

import pytest
from rich.console import Console

from ingestion import display
from ingestion.config import Settings
from ingestion.load import raw
from ingestion.report import SourceReport
from sandbox import alpha_vantage_daily, wire_alpha_vantage, wire_polygon
from sandbox.server import Sandbox
from tests.integration.providers import altered, ingest
from tests.warehouse import rows

KEY = "Dist1nct/ive+K3y=="
SHAPES = {KEY, quote(KEY), quote_plus(KEY), quote(KEY, safe=""), KEY.replace("/", "\\/")}


@pytest.fixture
def keyed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The market with an own key; load packages are kept."""
    for module in (wire_alpha_vantage, wire_polygon, alpha_vantage_daily):
        monkeypatch.setattr(module, "FREE", KEY)
    for source in ("POLYGON", "ALPHA_VANTAGE"):
        monkeypatch.setenv(f"SOURCES__{source}__API_KEY", KEY)
    monkeypatch.setattr(wire_polygon, "CALLS_PER_MINUTE", 100)
    monkeypatch.setattr(wire_alpha_vantage, "CALLS_PER_SECOND", 100)
    monkeypatch.setattr(wire_alpha_vantage, "CALLS_PER_DAY", 2)
    return sandbox


@pytest.fixture
def packages(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of every folder of load packages that would be removed."""
    kept = tmp_path / "packages"

    def keep(folder: Path, ignore_errors: bool = False) -> None:
        if folder.exists():
            shutil.copytree(folder, kept / str(len(list(kept.glob("*")))))
        shutil.rmtree(folder, ignore_errors=ignore_errors)

    monkeypatch.setattr(raw, "shutil", SimpleNamespace(rmtree=keep))
    return kept


def leaks(text: str) -> list[str]:
    return [shape for shape in SHAPES if shape in text]


def everything_in(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    bodies = [gzip.decompress(p.read_bytes()) if p.suffix == ".gz" else p.read_bytes() for p in files]
    return "\n".join([*map(str, files), *(body.decode("utf-8", "replace") for body in bodies)])


def everything_in_the_warehouse(settings: Settings) -> str:
    tables = rows(settings, "select schemaname, tablename from pg_tables where schemaname like 'raw%'")
    assert len(tables) > 20
    return "\n".join(
        line for schema, table in tables for (line,) in rows(settings, f"select t::text from {schema}.{table} t")
    )


def shown(report: SourceReport) -> str:
    console = Console(file=io.StringIO(), width=500)
    display.show([report], console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_key_that_is_echoed_in_errors_stays_secret(
    settings: Settings, keyed: Sandbox, packages: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keyed.add_fault("symbol=LOOM", "reset", times=4)
    report = ingest(settings, "alpha_vantage")
    assert "your API key as REDACTED" in report.postponed[0] and "the connection broke" in report.failures[0]
    assert "/alpha_vantage/query" in caplog.text  # urllib3 logs each request, so that there is something to find
    told = [caplog.text, shown(report), everything_in(settings.home), everything_in_the_warehouse(settings)]
    assert [leaks(text) for text in [*told, everything_in(packages)]] == [[], [], [], [], []]
    assert "API key as REDACTED" in told[2] and "API key as REDACTED" in told[3]


def test_a_header_key_that_is_echoed_in_data_and_urls_stays_secret(
    settings: Settings, keyed: Sandbox, packages: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    following = [f"{keyed.url}/polygon/v3/reference/tickers?limit=9&market=stocks&apiKey={quote(KEY, safe='')}"]

    def page(content: dict[str, object]) -> None:
        if following:
            content["next_url"] = following.pop()

    def echo(content: dict[str, list[dict[str, object]]]) -> None:
        content["results"][0] |= {"title": f"Your key is {KEY}", "keywords": [KEY], "signed_url": f"https://x/?k={KEY}"}

    altered(keyed, "/v3/reference/tickers", page)
    altered(keyed, "/v2/reference/news", echo)
    report = ingest(settings, "polygon", until="2024-03-14")
    assert report.failures == [] and not following
    assert rows(settings, "select title, keywords, signed_url from raw_polygon.news where title like 'Your%'") == [
        ("Your key is REDACTED", '["REDACTED"]', "https://x/?k=REDACTED")
    ]
    asked = rows(settings, "select url, params from raw_ops.requests where endpoint = 'tickers' order by landing_path")
    assert len(asked) > 2 and asked[1][0].endswith("/v3/reference/tickers?limit=9&market=stocks")
    told = [caplog.text, shown(report), everything_in(settings.home), everything_in_the_warehouse(settings)]
    assert [leaks(text) for text in [*told, everything_in(packages)]] == [[], [], [], [], []]


def test_a_rejected_key_is_not_shown_and_a_missing_one_is_reported(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, words in ((KEY, "Unknown API Key"), ("", "no key is configured")):
        monkeypatch.setenv("SOURCES__POLYGON__API_KEY", key)
        report = ingest(settings, "polygon")
        assert len(report.failures) == 1 and words in report.failures[0] and "secrets.toml" in report.failures[0]
        assert leaks(shown(report)) == []
    assert len(sandbox.requests) == 1
    assert leaks(everything_in_the_warehouse(settings)) == []
