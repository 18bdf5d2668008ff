"""Make the calls of one run: from what a source declares and what raw already holds.

Cursors are kept in dlt's state with the rows they belong to. A cursor only moves past calls that were answered and
loaded, so the next run repeats a failed call.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from ingestion.errors import (
    AuthenticationFailed,
    ConfigurationError,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.extract.addresses import next_address, path_of
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
                if call.refusal is not None:
                    self._refuse(call.refusal)
                    continue
                error = yield from self._pages(endpoint, call, unbroken or endpoint.each in ("ticker", "feed"))
                # A session outside the plan never gets an answer: repeating its call in every run would waste calls.
                unbroken = unbroken and (error is None or isinstance(error, NotEntitled))
                if self._stopped:
                    return

    def _pages(self, endpoint: Endpoint, call: Call, unbroken: bool) -> Pages:
        """One call and the pages that follow it; returns the error that ended it, None if it is complete."""
        values = call.values

        def next_url(response: Response) -> str | None:
            """The path and query of the next page; None at the end."""
            url = endpoint.next_page(response) if endpoint.next_page else None
            if url is None and endpoint.has_more and endpoint.has_more(response):
                raise MalformedResponse("the address of its next page cannot be read")
            return None if url is None else next_address(url, endpoint.path, values)

        def cursors(response: Response) -> Mapping[str, str]:
            return call.cursors if unbroken and next_url(response) is None else {}

        url = str(values["feed_url"]) if endpoint.each == "feed" else path_of(endpoint.path, values)
        params = {name: value.format(**values) for name, value in endpoint.params.items()}
        seen = {page_of(url, params)}
        for _ in range(MAX_PAGES):
            try:
                landed = self.client.get(endpoint, url, params, scope=call.scope, cursors=cursors, headers=call.headers)
            except (QuotaExhausted, AuthenticationFailed) as error:
                return self._record(error, endpoint, call)
            except ConfigurationError as error:
                self._refuse(f"{endpoint.name} {scope_of(call.scope)}: {error}")
                self._stopped = endpoint.each != "feed"
                return MalformedResponse(str(error))
            failed = yield landed
            if failed:
                return self._record(failed, endpoint, call)
            self._unavailable = 0
            try:
                following = next_url(landed.response)
            except ProviderError as error:
                return self._record(error, endpoint, call)
            if following is None:
                return None
            url, params = following, {}
            if (page := page_of(url, params)) in seen:
                circle = f"the next page is one that this call has had already, after {len(seen)} pages"
                return self._record(MalformedResponse(circle), endpoint, call)
            seen.add(page)
        return self._record(MalformedResponse(f"more than {MAX_PAGES} pages"), endpoint, call)

    def _refuse(self, line: str) -> None:
        """Record a call that cannot be made, once for all endpoints."""
        if line not in self.failures:
            self.failures.append(line)

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


def page_of(url: str, params: Mapping[str, str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What identifies a page: its path and parameters, in any order."""
    path, _, query = url.partition("?")
    return path, tuple(sorted([*params.items(), *parse_qsl(query, keep_blank_values=True)]))


def advance(cursors: dict[str, str], landed: Landed) -> None:
    """Set the cursors of a loaded response: they only move forward, and validators are replaced."""
    for name, value in landed.cursors.items():
        if name.startswith(VALIDATORS) or value > cursors.get(name, ""):
            cursors[name] = value
