"""Helpers for tests of ingestion: one run of one source against the simulated market, and its results."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ingestion.config import Settings
from ingestion.extract.window import Window
from ingestion.report import SourceReport
from ingestion.sources import SOURCES
from sandbox.outlets import FEEDS as OFFERED
from sandbox.server import Sandbox
from tests.runs import make_run
from tests.warehouse import rows

NOW = datetime(2024, 3, 15, 23, 0, tzinfo=UTC)
LOOKBACK = timedelta(days=4)
SESSIONS = ("2024-03-11", "2024-03-12", "2024-03-13", "2024-03-14", "2024-03-15")
TICKERS = ("LOOM", "WEFT", "WARP")
FEEDS = tuple(OFFERED)
GROUPED = "/polygon/v2/aggs/grouped/locale/us/market/stocks/"


def as_json(value: object) -> str:
    """A list or table of settings as in the environment."""
    return json.dumps(value)


def ingest(
    settings: Settings,
    source: str,
    now: datetime = NOW,
    *,
    since: str | None = None,
    until: str | None = None,
    tickers: tuple[str, ...] = (),
) -> SourceReport:
    """One run of one source as of `now`, as the command makes it."""
    days = [date.fromisoformat(day) if day else None for day in (since, until)]
    window = Window(now, days[0], days[1], tickers, LOOKBACK)
    return make_run(settings, SOURCES[source]).ingest(window)


def replay(settings: Settings, source: str) -> SourceReport:
    """Rebuild one source from landing."""
    return make_run(settings, SOURCES[source]).replay()


def outcomes(settings: Settings, source: str, scope: str) -> dict[str, tuple[str, int, int | None]]:
    """(outcome, attempts, status) by session, ticker or feed: the newest request for each."""
    found = rows(
        settings,
        f"select params::json->>'{scope}', outcome, attempt_count, status_code from raw_ops.requests "
        f"where source = '{source}' and params::json->>'{scope}' is not null order by landing_path",
    )
    return {name: (outcome, attempts, status) for name, outcome, attempts, status in found}


def asked(sandbox: Sandbox, part: str = "") -> list[str]:
    """The paths (and for Alpha Vantage function and symbol) that were requested, those with `part` in them."""
    found = []
    for request in sandbox.requests:
        query = request["query"]
        more = [query[name] for name in ("function", "symbol", "tickers") if name in query]
        found.append("?".join([request["path"], *more]))
    return [path for path in found if part in path]


def conserved(report: SourceReport) -> bool:
    """True if every received row is accounted for."""
    tables = {*report.received, *report.loaded}
    return all(report.received[t] == report.loaded.get(t, 0) + report.quarantined[t] for t in tables)


def altered(sandbox: Sandbox, part: str, change: Callable[[Any], None]) -> None:
    """From now on, `change` is applied to JSON responses for paths with `part` in them."""
    original = sandbox.app.respond

    def answer(request: Any) -> Any:
        found, fault = original(request)
        if part in request.path and found.status == 200 and fault is None:
            content = json.loads(found.body)
            change(content)
            found.body = json.dumps(content).encode()
        return found, fault

    sandbox.app.respond = answer  # type: ignore[method-assign]  # the provider changes its responses
