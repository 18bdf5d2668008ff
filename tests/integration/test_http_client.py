"""Every failure of a provider or connection has a name, is recorded, and does not affect other responses."""

from typing import Any
from unittest.mock import Mock

import pytest

from ingestion.config import Settings
from ingestion.sources import SOURCES
from sandbox.server import Sandbox
from tests.integration.providers import FEEDS, GROUPED, SESSIONS, TICKERS, as_json, asked, conserved, ingest, outcomes
from tests.runs import make_client
from tests.warehouse import rows, value


def test_a_failure_that_passes_is_retried_and_its_row_loaded(settings: Settings, sandbox: Sandbox) -> None:
    sandbox.add_fault(GROUPED + SESSIONS[0], "status", status=503, times=2)
    sandbox.add_fault(GROUPED + SESSIONS[1], "reset", times=1)
    sandbox.add_fault(GROUPED + SESSIONS[2], "truncate", cut="connection", times=3)
    sandbox.add_fault(GROUPED + SESSIONS[3], "status", status=429, retry_after=1, times=1)
    report = ingest(settings, "polygon")
    assert report.failures == [] and conserved(report)
    found = outcomes(settings, "polygon", "session")
    assert [found[session] for session in SESSIONS] == [("ok", n, 200) for n in (3, 2, 4, 2, 1)]
    assert value(settings, "select count(distinct date) from raw_polygon.bars") == len(SESSIONS)
    assert len(asked(sandbox, GROUPED)) == 3 + 2 + 4 + 2 + 1


def test_each_failure_that_stays_has_its_name_and_stops_no_other_call(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARKETLOOM__TIMEOUT_SECONDS", "0.3")
    faults: dict[str, dict[str, Any]] = {
        "busy": {"kind": "status", "status": 500},
        "silent": {"kind": "timeout", "seconds": 2},
        "dripping": {"kind": "slow", "seconds": 4},
        "breaking": {"kind": "reset"},
        "cut": {"kind": "truncate", "cut": "connection"},
        "page": {"kind": "html"},
        "nothing": {"kind": "empty"},
        "locked": {"kind": "status", "status": 401},
        "closed": {"kind": "status", "status": 403},
        "gone": {"kind": "status", "status": 404},
        "throttled": {"kind": "status", "status": 429, "retry_after": 3600},
        "later": {"kind": "status", "status": 503, "retry_after": 3600},
        "half": {"kind": "truncate"},
    }
    feeds = {name: f"{sandbox.url}/rss/newswire.xml?as={name}" for name in [*faults, "well"]}
    monkeypatch.setenv("SOURCES__RSS__FEEDS", as_json(feeds))
    for name, fault in faults.items():
        sandbox.add_fault(f"as={name}$", times=-1, **fault)
    sandbox.market.splits(sandbox.now)  # created beforehand, so that a good response comes well within the time-out
    report = ingest(settings, "rss")
    assert outcomes(settings, "rss", "feed") == {
        "busy": ("provider_unavailable", 4, 500),
        "silent": ("provider_unavailable", 4, None),
        "dripping": ("provider_unavailable", 4, None),
        "breaking": ("provider_unavailable", 4, None),
        "cut": ("provider_unavailable", 4, None),
        "page": ("malformed_response", 1, 200),
        "nothing": ("malformed_response", 1, 200),
        "locked": ("authentication_failed", 1, 401),
        "closed": ("not_entitled", 1, 403),
        "gone": ("malformed_response", 1, 404),
        "throttled": ("quota_exhausted", 1, 429),
        "later": ("provider_unavailable", 1, 503),
        "half": ("ok", 1, 200),
        "well": ("ok", 1, 200),
    }
    assert len(sandbox.requests) == sum(attempts for _, attempts, _ in outcomes(settings, "rss", "feed").values())
    assert conserved(report) and len(report.postponed) == 1
    assert {line.split()[2].rstrip(":") for line in report.failures} == faults.keys() - {"throttled", "half"}
    unread = rows(settings, "select row from raw_ops.quarantine where entity = 'feed' order by row")
    assert len(unread) == 3 and all(row.startswith("landed response rss/feed/") for (row,) in unread)


@pytest.mark.parametrize("kind", ["truncate", "html", "empty", "oversized"])
def test_an_unreadable_response_is_quarantined_as_a_whole_and_requested_again(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "oversized":
        monkeypatch.setenv("MARKETLOOM__LARGEST_RESPONSE_BYTES", "100")
    else:
        sandbox.add_fault("tickers=WEFT", kind, times=1)
    report = ingest(settings, "alpha_vantage")
    failed = TICKERS if kind == "oversized" else ("WEFT",)
    unread = "from raw_ops.requests where outcome = 'malformed_response' and endpoint = 'news' order by landing_path"
    found = rows(settings, f"select params::json->>'ticker', attempt_count, landing_path {unread}")
    assert [row[:2] for row in found] == [(ticker, 1) for ticker in failed] and conserved(report)
    assert len(report.failures) == (6 if kind == "oversized" else 1)
    quarantined = rows(settings, "select row from raw_ops.quarantine where entity = 'news' order by row")
    assert [row for (row,) in quarantined] == [f"landed response {path}" for *_, path in found]
    monkeypatch.delenv("MARKETLOOM__LARGEST_RESPONSE_BYTES", raising=False)
    before = len(sandbox.requests)
    assert ingest(settings, "alpha_vantage").failures == []
    again = [request["query"] for request in sandbox.requests[before:]]
    assert [query["tickers"] for query in again if "tickers" in query] == list(failed)


def test_a_dead_provider_is_given_up_after_three_calls_and_the_others_go_on(
    settings: Settings, sandbox: Sandbox
) -> None:
    sandbox.add_fault("/alpha_vantage", "reset", times=-1)
    report = ingest(settings, "alpha_vantage")
    assert len(report.failures) == 3 and all("the connection broke" in line for line in report.failures)
    assert len(sandbox.requests) == 3 * 4
    assert ingest(settings, "rss").failures == []
    assert value(settings, "select count(distinct feed) from raw_rss.entries") == len(FEEDS)


def test_connections_are_kept_and_pages_are_requested_from_the_configured_host_only(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = SOURCES["polygon"]
    endpoint = next(found for found in source.endpoints if found.name == "tickers")
    client = make_client(settings, source)
    accept = Mock(side_effect=sandbox.server.process_request)
    monkeypatch.setattr(sandbox.server, "process_request", accept)
    for place in ("/v3/reference/tickers", "https://elsewhere.example/polygon/v3/reference/tickers?apiKey=x&limit=5"):
        landed = client.get(endpoint, place, {}, scope={}, cursors=lambda response: {})
        assert landed.outcome == "ok" and landed.url.startswith(sandbox.url)
    client.close()
    assert accept.call_count == 1
    assert [request["query"] for request in sandbox.requests] == [{}, {"limit": "5"}]
