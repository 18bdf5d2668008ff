"""Requests, responses, and the simulated world behind them."""

import hashlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.clock import Clock
from sandbox.market import Market
from sandbox.news import News
from sandbox.quota import Quotas

FREE, UNLIMITED = "sandbox-free", "sandbox-unlimited"


@dataclass(frozen=True)
class Request:
    """One HTTP request; `path` without the query, `base` is the scheme and host that the client used."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    base: str
    body: bytes = b""

    def header(self, name: str) -> str:
        return self.headers.get(name.lower(), "")


@dataclass
class Response:
    """One HTTP response before compression; `chunked` as some proxies send it."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False


@dataclass
class World:
    """The simulated market, its news, its clock and the allowances of its users."""

    market: Market
    clock: Clock

    def __post_init__(self) -> None:
        self.news = News(self.market)
        self.quotas = Quotas(self.clock)
        self._numbers = itertools.count()

    def now(self) -> datetime:
        return self.clock.now()

    def request_id(self) -> str:
        """The next 32-digit request id: the same ones in the same order for the same seed."""
        return hashlib.md5(f"{self.market.seed} {next(self._numbers)}".encode(), usedforsecurity=False).hexdigest()
