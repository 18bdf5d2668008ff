"""Make the calls of one run: from what a source declares and what raw already holds.

Cursors are kept in dlt's state with the rows they belong to. A cursor only moves past calls that were answered and
loaded, so the next run repeats a failed call.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.extract.calls import Call, Context, calls_of
from ingestion.extract.client import VALIDATORS, Client
from ingestion.extract.window import Window
from ingestion.landing import Landed
from ingestion.model import Endpoint, Response, Source, scope_of

GIVE_UP_AFTER = 3
MAX_PAGES = 1000

Calls = Generator[Landed, ProviderError | None, None]
Pages = Generator[Landed, ProviderError | None, ProviderError | None]


@dataclass
class Plan:
    """The calls of one run of one source. `failures` and `postponed` receive one line per call that failed."""

    source: Source
    client: Client
    window: Window
    cursors: Mapping[str, str]
    sessions_folder: Path
    failures: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    _unavailable: int = 0
    _stopped: bool = False

    def calls(self) -> Calls:
        """Make the calls one by one: yield each landed response, and receive the error that parsing it gave."""
        context = Context(self.window, self.client.terms, self.cursors, self.sessions_folder)
        for endpoint in self.source.endpoints:
            names_tickers = bool(self.window.tickers)
            if (endpoint.only_with_tickers and not names_tickers) or (endpoint.not_with_tickers and names_tickers):
                continue
            unbroken = True
            for call in calls_of(context, endpoint):
                error = yield from self._pages(endpoint, call, unbroken or endpoint.each in ("ticker", "feed"))
                # A session outside the plan never gets an answer: repeating its call in every run would waste calls.
                unbroken = unbroken and (error is None or isinstance(error, NotEntitled))
                if self._stopped:
                    return

    def _pages(self, endpoint: Endpoint, call: Call, unbroken: bool) -> Pages:
        """One call and the pages that follow it; returns the error that ended it, None if it is complete."""
        following = endpoint.next_page

        def cursors(response: Response) -> Mapping[str, str]:
            is_last = following is None or following(response) is None
            return call.cursors if unbroken and is_last else {}

        url = endpoint.path.format(**call.values)
        params = {name: value.format(**call.values) for name, value in endpoint.params.items()}
        for _ in range(MAX_PAGES):
            try:
                landed = self.client.get(endpoint, url, params, scope=call.scope, cursors=cursors, headers=call.headers)
            except (QuotaExhausted, AuthenticationFailed) as error:
                return self._record(error, endpoint, call)
            failed = yield landed
            if failed:
                return self._record(failed, endpoint, call)
            self._unavailable = 0
            try:
                next_url = following(landed.response) if following else None
            except ProviderError as error:
                return self._record(error, endpoint, call)
            if next_url is None:
                return None
            url, params = next_url, {}
        return self._record(MalformedResponse(f"more than {MAX_PAGES} pages"), endpoint, call)

    def _record(self, error: ProviderError, endpoint: Endpoint, call: Call) -> ProviderError:
        """Record what went wrong, and decide whether further calls make sense."""
        error.source, error.endpoint = self.source.name, endpoint.name
        error.scope = error.scope or scope_of(call.scope)
        is_postponed = isinstance(error, QuotaExhausted)
        (self.postponed if is_postponed else self.failures).append(str(error))
        self._unavailable += isinstance(error, ProviderUnavailable)
        is_final = isinstance(error, QuotaExhausted | AuthenticationFailed) or self._unavailable >= GIVE_UP_AFTER
        # Each feed has a provider of its own: what one rejects says nothing about the others.
        self._stopped = is_final and endpoint.each != "feed"
        return error


def advance(cursors: dict[str, str], landed: Landed) -> None:
    """Set the cursors of a loaded response: they only move forward, and validators are replaced."""
    for name, value in landed.cursors.items():
        if name.startswith(VALIDATORS) or value > cursors.get(name, ""):
            cursors[name] = value
