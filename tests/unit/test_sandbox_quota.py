"""Quotas, entitlements and faults: the sandbox rejects and fails as the providers do."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from sandbox import quota as quotas
from sandbox.app import App
from sandbox.clock import Clock, parse_instant
from sandbox.faults import Fault, Faults, read_fault
from sandbox.web import FREE, UNLIMITED, Request
from tests.unit.sandbox_requests import BASE, app, ask, ask_json, grouped, real

SPLITS = "/polygon/v3/reference/splits"
DAILY = {"function": "TIME_SERIES_DAILY", "symbol": "LOOM"}


def advance(sandbox: App, seconds: float) -> None:
    sandbox.set_clock(sandbox.world.now() + timedelta(seconds=seconds))


def test_polygon_allows_five_calls_a_minute() -> None:
    sandbox = app()
    statuses = [ask(sandbox, SPLITS, FREE).status for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    refusal = ask_json(sandbox, SPLITS, FREE)
    assert list(refusal) == ["status", "request_id", "error"]
    assert refusal["error"].startswith("You've exceeded the maximum requests per minute")
    advance(sandbox, 61)
    assert ask(sandbox, SPLITS, FREE).status == 200


def test_the_unlimited_key_has_no_quota() -> None:
    sandbox = app()
    assert {ask(sandbox, SPLITS, UNLIMITED).status for _ in range(30)} == {200}


def test_alpha_vantage_allows_one_call_a_second() -> None:
    sandbox = app()
    assert "Meta Data" in ask_json(sandbox, "/alpha_vantage/query", FREE, **DAILY)
    assert ask_json(sandbox, "/alpha_vantage/query", FREE, **DAILY) == real(
        "alpha_vantage/information_burst_1_per_sec.json"
    )
    advance(sandbox, 1.1)
    assert "Meta Data" in ask_json(sandbox, "/alpha_vantage/query", FREE, **DAILY)


def test_alpha_vantage_allows_25_calls_a_day_and_echoes_the_key() -> None:
    sandbox = app("2026-11-21T15:00:00Z")
    for _ in range(25):
        assert "Meta Data" in ask_json(sandbox, "/alpha_vantage/query", FREE, **DAILY)
        advance(sandbox, 2)
    refusal = ask_json(sandbox, "/alpha_vantage/query", FREE, **DAILY)["Information"]
    assert refusal.startswith("We have detected your API key as sandbox-free and")
    assert "25 requests per day" in refusal
    sandbox.set_clock(parse_instant("2026-11-22T04:00:00Z"))
    assert "Information" in ask_json(sandbox, "/alpha_vantage/query", FREE, **DAILY)
    sandbox.set_clock(parse_instant("2026-11-22T05:01:00Z"))
    assert "Meta Data" in ask_json(sandbox, "/alpha_vantage/query", FREE, **DAILY)


def test_a_rejected_call_does_not_use_the_daily_allowance() -> None:
    counted = quotas.Quotas(Clock(datetime(2026, 11, 20, tzinfo=UTC)))
    assert [counted.take("provider", 1, 60) for _ in range(3)] == [True, False, False]
    assert [counted.take_daily("provider", 2) for _ in range(3)] == [True, True, False]
    counted.clear()
    assert counted.take("provider", 1, 60)


def test_the_free_plan_ends_two_years_back_and_before_the_end_of_the_day() -> None:
    evening = app("2026-11-21T01:30:00Z")
    assert grouped(evening, "2026-11-20", FREE)["resultsCount"] > 90
    assert ask(evening, "/polygon/v2/aggs/grouped/locale/us/market/stocks/2024-11-19", FREE).status == 403
    assert ask(evening, "/polygon/v2/aggs/grouped/locale/us/market/stocks/2024-11-20", FREE).status == 200
    afternoon = app("2026-11-20T22:00:00Z")
    assert ask(afternoon, "/polygon/v2/aggs/grouped/locale/us/market/stocks/2026-11-20", FREE).status == 403
    assert grouped(afternoon, "2026-11-20", UNLIMITED)["resultsCount"] > 90


def test_the_free_plan_leaves_today_out_of_a_range() -> None:
    path = "/polygon/v2/aggs/ticker/LOOM/range/1/day/2026-11-19/2026-11-20"
    afternoon = app("2026-11-20T22:00:00Z")
    assert [ask_json(afternoon, path, key)["resultsCount"] for key in (FREE, UNLIMITED)] == [1, 2]


@pytest.mark.parametrize("kind", ["status", "timeout", "reset", "html", "empty"])
def test_a_call_that_never_reaches_the_provider_uses_no_allowance(kind: str) -> None:
    sandbox = app()
    sandbox.faults.add(read_fault({"match": "/polygon", "kind": kind, "times": 10}))
    for _ in range(10):
        ask(sandbox, SPLITS, FREE)
    assert ask(sandbox, SPLITS, FREE).status == 200


def test_faults_strike_in_order_and_as_often_as_ordered() -> None:
    faults = Faults()
    faults.add(Fault("/polygon/v2", "status", times=2, status=500))
    faults.add(Fault(r"symbol=WA.P", "slow"))
    faults.add(Fault("/rss", "reset", times=-1))
    struck = [faults.strike("/polygon/v2/reference/news") for _ in range(3)]
    assert [fault.status if fault else None for fault in struck] == [500, 500, None]
    hit = faults.strike("/alpha_vantage/query?function=TIME_SERIES_DAILY&symbol=WARP")
    assert hit is not None
    assert hit.kind == "slow"
    assert all(faults.strike("/rss/tape.xml") for _ in range(5))
    assert len(faults.pending()) == 1
    faults.clear()
    assert faults.strike("/rss/tape.xml") is None


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"match": "/", "kind": "flood"}, "unknown kind of fault 'flood'"),
        ({"match": "/", "kind": "reset", "often": 3}, "unknown field often"),
        ({"match": "/", "kind": "reset", "times": 0}, "at least once"),
        ({"kind": "reset"}, "match"),
        ({"match": "(", "kind": "reset"}, "unterminated"),
    ],
)
def test_a_fault_that_makes_no_sense_is_rejected(order: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_fault(order)


def test_requests_are_remembered_without_their_keys() -> None:
    sandbox = app()
    ask(sandbox, "/alpha_vantage/query", UNLIMITED, **DAILY)
    sandbox.respond(Request("GET", "/rss/tape.xml", {}, {"if-none-match": '"x"'}, BASE))
    daily, feed = sandbox.requests()
    assert daily["query"] == DAILY
    assert (feed["path"], feed["headers"], feed["status"]) == ("/rss/tape.xml", {"if-none-match": '"x"'}, 200)
    assert UNLIMITED not in json.dumps([daily, feed])
