"""Requests to the sandbox without sockets: one market for all tests, and direct calls of its app."""

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sandbox.app import App
from sandbox.clock import Clock, parse_instant
from sandbox.market import Market
from sandbox.news import News
from sandbox.web import UNLIMITED, Request, Response, World
from tests.shared import PAYLOADS, need

NOW = datetime(2026, 11, 21, 22, tzinfo=UTC)
BASE = "http://sandbox.test:8765"


@cache
def market() -> Market:
    return Market(seed=7, securities=120)


@cache
def news() -> News:
    return News(market())


def app(now: datetime | str = NOW, of: Market | None = None) -> App:
    """A sandbox of its own (clock, quotas, faults) on the shared market."""
    return App(World(of or market(), Clock(parse_instant(now) if isinstance(now, str) else now)))


def ask(sandbox: App, path: str, key: str = UNLIMITED, /, **query: str) -> Response:
    """The response to a GET of `path`, with `key` where each provider expects it."""
    headers = {"authorization": f"Bearer {key}"} if path.startswith("/polygon") and key else {}
    if path.startswith("/alpha_vantage") and key:
        query = {"apikey": key, **query}
    return sandbox.respond(Request("GET", path, query, headers, BASE))[0]


def ask_again(sandbox: App, path: str, header: str, value: str) -> Response:
    """The response to a conditional request."""
    return sandbox.respond(Request("GET", path, {}, {header: value}, BASE))[0]


def ask_json(sandbox: App, path: str, key: str = UNLIMITED, /, **query: str) -> Any:
    return json.loads(ask(sandbox, path, key, **query).body)


def grouped(sandbox: App, day: str, key: str = UNLIMITED, /, **query: str) -> Any:
    return ask_json(sandbox, f"/polygon/v2/aggs/grouped/locale/us/market/stocks/{day}", key, **query)


def real(name: str) -> Any:
    """A recorded payload of a provider; skips the test if the recordings are missing."""
    return json.loads(need(PAYLOADS / name).read_bytes())
