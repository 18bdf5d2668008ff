"""What to ask next: from what a source declares and what raw already holds to a sequence of calls.

Cursors ("marks") are kept in dlt's state beside the data they stand for. A mark moves only over calls that were
answered and loaded, so a call that failed is made again by the next run.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
)
from ingestion.extract.client import VALIDATORS, Client
from ingestion.extract.sessions import sessions_between
from ingestion.landing import Landed
from ingestion.model import Endpoint, Response, Source

PUBLISHED_AFTER_CLOSE = timedelta(hours=1)
GIVE_UP_AFTER = 3
MOST_PAGES = 1000

Calls = Generator[Landed, ProviderError | None, None]


@dataclass(frozen=True)
class Window:
    """What the user asked for: dates (inclusive) and tickers; None means "go on from what raw holds"."""

    now: datetime
    since: date | None = None
    until: date | None = None
    tickers: tuple[str, ...] = ()
    lookback: timedelta = timedelta(days=60)

    @property
    def end(self) -> datetime:
        """The last moment to ask for: now, or the end of the `until` day."""
        if self.until is None:
            return self.now
        return min(self.now, datetime.combine(self.until, datetime.max.time(), UTC))

    def start(self, cursor: str | None, overlap: timedelta) -> datetime:
        """The first moment to ask for: as told, else the cursor less the overlap, else the look-back."""
        if self.since is not None:
            return datetime.combine(self.since, datetime.min.time(), UTC)
        if cursor:
            return _moment(cursor) - overlap
        return self.end - self.lookback

    def marking(self, cursor: str | None, marks: Mapping[str, str]) -> Mapping[str, str]:
        """`marks`, or none of them where moving the cursor would leave out the days between it and `since`."""
        if self.since is not None and cursor and self.since > _moment(cursor).date():
            return {}
        return marks


@dataclass
class Plan:
    """The calls of one run of one source. `report` receives one line per failure; `postponed` says what was left.

    `kept` is the folder where the exchange's sessions are kept.
    """

    source: Source
    client: Client
    window: Window
    marks: Mapping[str, str]
    kept: Path
    failures: list[str] = field(default_factory=list)
    postponed: list[str] = field(default_factory=list)
    _unavailable: int = 0
    _stopped: bool = False

    def calls(self) -> Calls:
        """Make the calls one by one: each yields its landed answer and is sent back what was wrong with it."""
        for endpoint in self.source.endpoints:
            asked_for_tickers = bool(self.window.tickers)
            if endpoint.only_with_tickers and not asked_for_tickers:
                continue
            if endpoint.not_with_tickers and asked_for_tickers:
                continue
            unbroken = True
            for call in _SCHEDULES[endpoint.each](self, endpoint):
                error = yield from self._pages(endpoint, call, unbroken or endpoint.each in ("ticker", "feed"))
                # A session outside the plan will never be answered: to ask for it again each run would waste calls.
                unbroken = unbroken and (error is None or isinstance(error, NotEntitled))
                if self._stopped:
                    return

    def _pages(
        self, endpoint: Endpoint, call: "Call", unbroken: bool
    ) -> Generator[Landed, ProviderError | None, ProviderError | None]:
        """One call and the pages that follow it; returns what stopped it, None if it was answered to its end."""
        following = endpoint.next_page

        def mark(response: Response) -> Mapping[str, str]:
            more = following is not None and following(response) is not None
            return call.mark if unbroken and not more else {}

        url = endpoint.path.format(**call.values)
        params = {name: value.format(**call.values) for name, value in endpoint.params.items()}
        for _ in range(MOST_PAGES):
            try:
                landed = self.client.get(endpoint, url, params, scope=call.scope, mark=mark, headers=call.headers)
            except (QuotaExhausted, AuthenticationFailed) as refused:
                return self._note(refused, endpoint, call)
            error = yield landed
            if error:
                return self._note(error, endpoint, call)
            self._unavailable = 0
            try:
                next_url = following(landed.response) if following else None
            except ProviderError as lost:
                return self._note(lost, endpoint, call)
            if next_url is None:
                return None
            url, params = next_url, {}
        return self._note(MalformedResponse(f"more than {MOST_PAGES} pages"), endpoint, call)

    def _note(self, error: ProviderError, endpoint: Endpoint, call: "Call") -> ProviderError:
        """Write down what went wrong, and decide whether asking on makes sense."""
        error.source, error.endpoint = self.source.name, endpoint.name
        error.scope = error.scope or " ".join(call.scope.values())
        is_postponed = isinstance(error, QuotaExhausted)
        (self.postponed if is_postponed else self.failures).append(str(error))
        self._unavailable += isinstance(error, ProviderUnavailable)
        is_final = isinstance(error, QuotaExhausted | AuthenticationFailed) or self._unavailable >= GIVE_UP_AFTER
        # Each feed has a provider of its own: what one of them refuses says nothing of the others.
        self._stopped = is_final and endpoint.each != "feed"
        return error


@dataclass(frozen=True)
class Call:
    """One call to make: template values, the scope kept with the answer, and what a good answer lets us remember."""

    values: Mapping[str, object]
    scope: Mapping[str, str] = field(default_factory=dict)
    mark: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def _each_session(plan: Plan, endpoint: Endpoint) -> Iterator[Call]:
    window = plan.window
    cursor = plan.marks.get(endpoint.name)
    start = window.start(cursor, endpoint.overlap).date()
    found = sessions_between(start, window.end.date(), plan.kept)
    published = [day.isoformat() for day, close in found if close + PUBLISHED_AFTER_CLOSE <= window.now]
    # Restatements are looked for once a day: to ask for the same sessions at every run would use up the allowance.
    reread, today = f"{endpoint.name}:reread", window.now.date().isoformat()
    if window.since is None and published and cursor == published[-1] and plan.marks.get(reread) == today:
        return
    for session in published:
        marks = {endpoint.name: session} | ({reread: today} if session == published[-1] else {})
        yield Call({"session": session}, scope={"session": session}, mark=window.marking(cursor, marks))


def _each_ticker(plan: Plan, endpoint: Endpoint) -> Iterator[Call]:
    window = plan.window
    tickers = window.tickers or plan.client.terms.tickers
    cursors = {ticker: plan.marks.get(f"{endpoint.name}:{ticker}", "") for ticker in tickers}
    closes = [
        close for _, close in sessions_between(window.now.date() - timedelta(days=14), window.now.date(), plan.kept)
    ]
    published = [close + PUBLISHED_AFTER_CLOSE for close in closes]
    last = max(moment for moment in published if moment <= window.now)
    # Longest not asked first: with 25 calls a day, tomorrow's run goes on where today's had to stop.
    for ticker in sorted(tickers, key=lambda name: cursors[name]):
        cursor = cursors[ticker]
        if cursor and _moment(cursor) >= last and window.since is None and not window.tickers:
            continue
        values = {"ticker": ticker, "since": window.start(cursor, endpoint.overlap), "until": window.end}
        mark = window.marking(cursor, {f"{endpoint.name}:{ticker}": window.end.isoformat()})
        yield Call(values, {"ticker": ticker}, mark)


def _each_window(plan: Plan, endpoint: Endpoint) -> Iterator[Call]:
    window = plan.window
    cursor = plan.marks.get(endpoint.name)
    if cursor and window.since is None and _moment(cursor) >= window.end:
        return
    values = {"since": window.start(cursor, endpoint.overlap), "until": window.end}
    yield Call(values, mark=window.marking(cursor, {endpoint.name: window.end.isoformat()}))


def _each_day(plan: Plan, endpoint: Endpoint) -> Iterator[Call]:
    today = plan.window.now.date().isoformat()
    if plan.marks.get(endpoint.name, "") < today:
        yield Call({"since": today, "until": today, "today": today}, mark={endpoint.name: today})


def _each_feed(plan: Plan, endpoint: Endpoint) -> Iterator[Call]:
    for name, url in plan.client.terms.feeds.items():
        known = {kind: plan.marks.get(f"{VALIDATORS}{name}:{kind}") for kind in ("etag", "last-modified")}
        names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        headers = {names[kind]: value for kind, value in known.items() if value}
        yield Call({"feed_url": url}, {"feed": name}, {VALIDATORS: name}, headers)


_SCHEDULES: Mapping[str, Callable[[Plan, Endpoint], Iterator[Call]]] = {
    "session": _each_session,
    "ticker": _each_ticker,
    "window": _each_window,
    "day": _each_day,
    "feed": _each_feed,
}


def advance(marks: dict[str, str], landed: Landed) -> None:
    """Take over what a loaded answer lets us remember: cursors only ever move forward, validators are replaced."""
    for name, value in landed.mark.items():
        if name.startswith(VALIDATORS) or value > marks.get(name, ""):
            marks[name] = value


def _moment(cursor: str) -> datetime:
    moment = datetime.fromisoformat(cursor)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
