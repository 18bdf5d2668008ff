"""Which calls each kind of endpoint makes in a window."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from ingestion.config import SourceSettings
from ingestion.errors import ConfigurationError
from ingestion.extract.addresses import feed_address, usable_ticker
from ingestion.extract.client import VALIDATORS
from ingestion.extract.sessions import sessions_between
from ingestion.extract.window import Window, moment_of
from ingestion.model import Endpoint

PUBLISHED_AFTER_CLOSE = timedelta(hours=1)
LONGEST_CLOSURE = timedelta(days=14)
FEEDS = "[sources.rss.feeds] of .dlt/config.toml or SOURCES__RSS__FEEDS"


@dataclass(frozen=True)
class Call:
    """One call: values for the endpoint's templates, its scope, and the cursors to set after a good response."""

    values: Mapping[str, object]
    scope: Mapping[str, str] = field(default_factory=dict)
    cursors: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    refusal: str | None = None  # why it cannot be made


@dataclass(frozen=True)
class Context:
    """What calls are planned from. `sessions_folder` is where the exchange's sessions are cached."""

    window: Window
    terms: SourceSettings
    cursors: Mapping[str, str]
    sessions_folder: Path


def calls_of(context: Context, endpoint: Endpoint) -> Iterator[Call]:
    """The calls of one endpoint, in order."""
    return _PLANNERS[endpoint.each](context, endpoint)


def _each_session(context: Context, endpoint: Endpoint) -> Iterator[Call]:
    window, cursor = context.window, context.cursors.get(endpoint.name)
    start = window.start(cursor, endpoint.overlap).date()
    found = sessions_between(start, window.end.date(), context.sessions_folder)
    published = [day.isoformat() for day, close in found if close + PUBLISHED_AFTER_CLOSE <= window.now]
    # Sessions are read again for restatements once a day: doing so in every run would use up the allowance.
    reread, today = f"{endpoint.name}:reread", window.now.date().isoformat()
    if window.since is None and published and cursor == published[-1] and context.cursors.get(reread) == today:
        return
    for session in published:
        cursors = {endpoint.name: session} | ({reread: today} if session == published[-1] else {})
        yield Call({"session": session}, scope={"session": session}, cursors=window.allowed(cursor, cursors))


def _each_ticker(context: Context, endpoint: Endpoint) -> Iterator[Call]:
    window = context.window
    tickers = dict[str, None]()
    for ticker in window.tickers or context.terms.tickers:
        try:
            tickers[usable_ticker(ticker)] = None
        except ConfigurationError as error:
            yield Call({}, refusal=str(error))
    cursors = {ticker: context.cursors.get(f"{endpoint.name}:{ticker}", "") for ticker in tickers}
    today = window.now.date()
    sessions = sessions_between(today - LONGEST_CLOSURE, today, context.sessions_folder)
    published = [close + PUBLISHED_AFTER_CLOSE for _, close in sessions]
    last = max(moment for moment in published if moment <= window.now)
    # Oldest first: with 25 calls a day, tomorrow's run continues where today's stopped.
    for ticker in sorted(tickers, key=lambda name: cursors[name]):
        cursor = cursors[ticker]
        if cursor and moment_of(cursor) >= last and window.since is None and not window.tickers:
            continue
        values = {"ticker": ticker, "since": window.start(cursor, endpoint.overlap), "until": window.end}
        following = window.allowed(cursor, {f"{endpoint.name}:{ticker}": window.end.isoformat()})
        yield Call(values, {"ticker": ticker}, following)


def _each_window(context: Context, endpoint: Endpoint) -> Iterator[Call]:
    window, cursor = context.window, context.cursors.get(endpoint.name)
    if cursor and window.since is None and moment_of(cursor) >= window.end:
        return
    values = {"since": window.start(cursor, endpoint.overlap), "until": window.end}
    yield Call(values, cursors=window.allowed(cursor, {endpoint.name: window.end.isoformat()}))


def _each_day(context: Context, endpoint: Endpoint) -> Iterator[Call]:
    today = context.window.now.date().isoformat()
    if context.cursors.get(endpoint.name, "") < today:
        yield Call({"since": today, "until": today, "today": today}, cursors={endpoint.name: today})


def _each_feed(context: Context, endpoint: Endpoint) -> Iterator[Call]:
    for name, configured in context.terms.feeds.items():
        try:
            url = feed_address(configured, f"{name} in {FEEDS}")
        except ConfigurationError as error:
            yield Call({}, refusal=str(error))
            continue
        known = {kind: context.cursors.get(f"{VALIDATORS}{name}:{kind}") for kind in ("etag", "last-modified")}
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        headers = {names[kind]: value for kind, value in known.items() if value and value.isprintable()}
        yield Call({"feed_url": url}, {"feed": name}, {VALIDATORS: name}, headers)


_PLANNERS: Mapping[str, Callable[[Context, Endpoint], Iterator[Call]]] = {
    "session": _each_session,
    "ticker": _each_ticker,
    "window": _each_window,
    "day": _each_day,
    "feed": _each_feed,
}
