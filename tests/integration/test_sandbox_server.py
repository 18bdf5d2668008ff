"""The sandbox over real sockets, with its faults."""

import gzip
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from sandbox.server import Sandbox
from tests.shared import ROOT
from tests.unit.sandbox_requests import market, real

BARS = "/polygon/v2/aggs/grouped/locale/us/market/stocks/2026-11-20"
BEARER = {"Authorization": "Bearer sandbox-unlimited"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now="2026-11-21T22:00:00Z", market=market()) as running:
        yield running


def get(sandbox: Sandbox, path: str, **options: object) -> requests.Response:
    timeout = options.pop("timeout", 10)
    return requests.get(sandbox.url + path, headers=BEARER, timeout=timeout, **options)  # type: ignore[arg-type]  # passed on


def test_a_connection_is_kept_for_many_requests(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.server.server_port, timeout=10)
    connection.connect()
    first = connection.sock
    for _ in range(4):
        connection.request("GET", BARS, headers=BEARER)
        assert connection.getresponse().read().startswith(b'{"queryCount"')
        assert connection.sock is first
    connection.close()


def test_bodies_are_compressed_for_those_who_accept_it(sandbox: Sandbox) -> None:
    zipped = requests.get(sandbox.url + BARS, headers=BEARER | {"Accept-Encoding": "gzip"}, stream=True, timeout=10)
    plain = requests.get(sandbox.url + BARS, headers=BEARER | {"Accept-Encoding": "identity"}, timeout=10)
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(zipped.raw.read(decode_content=False))[:50] == plain.content[:50]


def test_headers_follow_the_providers_and_the_clock(sandbox: Sandbox) -> None:
    polygon = get(sandbox, BARS)
    assert polygon.headers["Date"] == "Sat, 21 Nov 2026 22:00:00 GMT"
    assert polygon.headers["X-Sandbox-Now"] == "2026-11-21T22:00:00.000000+00:00"
    assert polygon.headers["X-Request-Id"] == polygon.json()["request_id"]
    assert polygon.headers["Server"] == "nginx/1.19.2"
    query = {"function": "TIME_SERIES_DAILY", "symbol": "LOOM", "datatype": "csv", "apikey": "sandbox-unlimited"}
    daily = get(sandbox, "/alpha_vantage/query", params=query)
    assert daily.headers["Transfer-Encoding"] == "chunked"
    assert daily.headers["Content-Disposition"] == "attachment; filename=daily_LOOM.csv"
    assert daily.content.count(b"\r\n") == 101


def test_the_next_page_is_on_this_server(sandbox: Sandbox) -> None:
    first = get(sandbox, "/polygon/v3/reference/tickers?limit=60").json()
    assert first["next_url"].startswith(sandbox.url + "/polygon/v3/reference/tickers?cursor=")
    second = requests.get(first["next_url"], headers=BEARER, timeout=10).json()
    tickers = [row["ticker"] for row in first["results"] + second["results"]]
    assert len(set(tickers)) == len(tickers) == len({*tickers})


def test_conditional_requests_return_no_body(sandbox: Sandbox) -> None:
    with requests.Session() as session:
        first = session.get(sandbox.url + "/rss/markets.xml", timeout=10)
        second = session.get(
            sandbox.url + "/rss/markets.xml", headers={"If-None-Match": first.headers["ETag"]}, timeout=10
        )
        assert (second.status_code, second.content) == (304, b"")
        assert session.get(sandbox.url + BARS, headers=BEARER, timeout=10).ok
    assert [request["status"] for request in sandbox.requests] == [200, 304, 200]
    assert "if-none-match" in sandbox.requests[1]["headers"]


def test_the_clock_is_moved_over_http(sandbox: Sandbox) -> None:
    moved = requests.post(sandbox.url + "/_sandbox/clock", json={"now": "2026-11-20T18:00:00Z"}, timeout=10)
    assert moved.json()["now"] == sandbox.now.isoformat() == "2026-11-20T18:00:00+00:00"
    assert get(sandbox, BARS).json()["resultsCount"] == 0
    refused = requests.post(sandbox.url + "/_sandbox/clock", json={"now": "1999-01-01"}, timeout=10)
    assert refused.status_code == 400
    assert "the simulation runs from" in refused.json()["error"]


def test_faults_are_ordered_and_cleared_over_http(sandbox: Sandbox) -> None:
    orders = [{"match": "/polygon", "kind": "status", "status": 503, "retry_after": 2, "times": 3}]
    assert requests.post(sandbox.url + "/_sandbox/faults", json=orders, timeout=10).json()[0]["times"] == 3
    failed = get(sandbox, BARS)
    assert (failed.status_code, failed.headers["Retry-After"]) == (503, "2")
    assert requests.delete(sandbox.url + "/_sandbox/faults", timeout=10).json() == []
    assert get(sandbox, BARS).status_code == 200
    assert requests.post(sandbox.url + "/_sandbox/faults", json=[{"kind": "x"}], timeout=10).status_code == 400


def test_bodies_can_be_broken(sandbox: Sandbox) -> None:
    sandbox.add_fault(BARS, "truncate")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        get(sandbox, BARS).json()
    sandbox.add_fault(BARS, "truncate", cut="connection")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(sandbox, BARS)
    sandbox.add_fault(BARS, "html")
    assert get(sandbox, BARS).headers["Content-Type"].startswith("text/html")
    sandbox.add_fault(BARS, "note")
    assert get(sandbox, BARS).json() == real("alpha_vantage/ratelimit_note_5_per_min.json")
    sandbox.add_fault(BARS, "empty")
    assert (get(sandbox, BARS).status_code, get(sandbox, BARS).json()["status"]) == (200, "OK")
    assert [request["fault"] for request in sandbox.requests] == ["truncate", "truncate", "html", "note", "empty", None]


def test_connections_can_be_slow_silent_or_reset(sandbox: Sandbox) -> None:
    sandbox.add_fault(BARS, "slow", seconds=0.4)
    started = time.monotonic()
    assert get(sandbox, BARS).json()["status"] == "OK"
    assert time.monotonic() - started > 0.3
    sandbox.add_fault(BARS, "timeout", seconds=5)
    with pytest.raises(requests.exceptions.ReadTimeout):
        get(sandbox, BARS, timeout=0.2)
    sandbox.add_fault(BARS, "timeout", seconds=0.1)
    with pytest.raises(requests.exceptions.ConnectionError):
        get(sandbox, BARS)
    sandbox.add_fault(BARS, "reset")
    with pytest.raises(requests.exceptions.ConnectionError):
        get(sandbox, BARS)


def test_stopping_does_not_wait_for_slow_responses() -> None:
    with Sandbox(now="2026-11-21T22:00:00Z", market=market()) as running:
        running.add_fault("/rss", "timeout", seconds=60)
        with pytest.raises(requests.exceptions.ReadTimeout):
            get(running, "/rss/tape.xml", timeout=0.1)
        started = time.monotonic()
    assert time.monotonic() - started < 30


def test_the_true_events_are_served(sandbox: Sandbox) -> None:
    truth = sandbox.url + "/_sandbox/truth/"
    bars = requests.get(truth + "bars?from=2026-11-02&ticker=LOOM", timeout=10).json()
    served = get(sandbox, "/polygon/v2/aggs/ticker/LOOM/range/1/day/2026-11-02/2026-11-20").json()["results"]
    assert [bar["open"] for bar in bars] == [bar["o"] for bar in served]
    restated = [bar for bar in requests.get(truth + "bars?from=2026-10-01", timeout=10).json() if bar["restated_at"]]
    assert any(bar["first_volume"] != bar["volume"] for bar in restated)
    kinds = {action["kind"] for action in requests.get(truth + "actions", timeout=10).json()}
    assert kinds == {"split", "dividend", "mistaken dividend", "halt"}
    assert requests.get(truth + "securities?ticker=WEFT", timeout=10).json()[0]["sector"] == "Energy"
    story = requests.get(truth + "articles?from=2026-11-20&ticker=LOOM", timeout=10).json()[0]
    assert {"story_id", "sentiment", "published_at", "available_at"} <= set(story)
    assert requests.get(truth + "nonsense", timeout=10).status_code == 404
    assert requests.get(truth + "bars?from=yesterday", timeout=10).status_code == 400


def test_paths_outside_the_providers_are_not_found(sandbox: Sandbox) -> None:
    assert get(sandbox, "/yahoo/v8").status_code == 404
    assert get(sandbox, "/polygon/v9/anything").text == "404 page not found\n"
    assert requests.post(sandbox.url + BARS, headers=BEARER, timeout=10).status_code == 405


def test_many_clients_are_served_at_once(sandbox: Sandbox) -> None:
    sandbox.add_fault("/rss", "timeout", seconds=60)
    with socket.create_connection(("127.0.0.1", sandbox.server.server_port)) as lingering:
        lingering.sendall(b"GET /rss/tape.xml HTTP/1.1\r\nHost: x\r\n\r\n")
        assert get(sandbox, BARS).ok


def test_it_runs_as_a_command(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--securities", "20", "--seed", "11"]
    command += ["--now", "2026-11-21T22:00:00Z", "--ready-file", str(ready)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = ready.read_text().strip()
            assert line == f"sandbox: 20 securities (seed 11) at {url}\n"
            health = requests.get(url + "/_sandbox/health", timeout=10).json()
            about = {"seed": 11, "securities": 20, "now": "2026-11-21T22:00:00+00:00", "first_session": "2024-01-02"}
            assert health == {"status": "ok", **about}
        finally:
            process.terminate()
