"""The one path of every source: ask, land, parse, load, account.

Landing is a log, and raw tables are what was made of it. Two readers follow the log of each source, each with its own
place in it kept in the warehouse: the source's raw schema, and raw_ops, which holds the requests and the quarantine.
Whatever moment a run is killed at, the next one goes on from those two places, so nothing is lost and nothing doubled.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zlib import crc32

import psycopg2
import pyarrow as pa

from ingestion.config import Settings
from ingestion.errors import MalformedResponse, MarketloomError, ProviderError
from ingestion.extract.client import Client
from ingestion.extract.plan import Calls, Plan, Window, advance
from ingestion.landing import Landed, Landing, content_id
from ingestion.load import ops, raw
from ingestion.load.ops import Outcome
from ingestion.load.raw import Columns, Rows, State
from ingestion.model import Member, Parsed, Rejected, Source
from ingestion.parsing.conform import conform
from ingestion.report import SourceReport
from ingestion.warehouse import server as warehouse

Listener = Callable[[str, Landed], None]

# The server learns of a killed run when it next looks at the connection, a moment later.
PATIENCE = timedelta(seconds=3)


class AlreadyRunning(MarketloomError):
    """Another run of the same source is at work on the same warehouse."""


@dataclass
class Run:
    """One run of one source. `listener` hears of each landed answer as it is dealt with."""

    settings: Settings
    source: Source
    landing: Landing
    listener: Listener = lambda source, landed: None
    report: SourceReport = field(init=False)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    loads_through: str = ""

    def __post_init__(self) -> None:
        self.report = SourceReport(self.source.name)
        self.raw = raw.of_source(self.settings, self.source)
        self.ops = raw.of_ops(self.settings, self.source)

    def ingest(self, window: Window) -> SourceReport:
        """Ask the provider for what is not there yet, and load it."""

        def calls(state: State) -> Calls:
            client = Client(self.source, self.settings, self.landing)
            plan = Plan(self.source, client, window, state.setdefault("marks", {}), self.settings.home / "calendar")
            try:
                yield from plan.calls()
            finally:
                client.close()
                self.report.failures += plan.failures
                self.report.postponed += plan.postponed

        return self._follow(calls if self.source.endpoints else self._generated(window))

    def backfill(self, paths: Iterable[Path]) -> SourceReport:
        """Land and load bulk files; a file whose content was landed before is passed over."""

        def calls(state: State) -> Calls:
            for path in sorted(paths):
                unpack = self.source.unpack
                if unpack is None:
                    raise MarketloomError(f"{self.source.name} does not come as files: use `marketloom ingest`")
                with path.open("rb") as file:
                    for piece in unpack(path.name, file):
                        landed = self._land(piece, path.name)
                        if landed is not None:
                            yield landed

        return self._follow(lambda state: _ahead(calls(state)))

    def replay(self) -> SourceReport:
        """Rebuild the source's raw tables and records from landing alone."""
        raw.empty(self.settings, self.source)
        return self._follow(lambda state: _nothing())

    @cached_property
    def known(self) -> Columns:
        """The columns that the warehouse has; asked for when there is the first row to hold against them."""
        return self.raw.known_columns()

    def _generated(self, window: Window) -> Callable[[State], Calls]:
        def calls(state: State) -> Calls:
            generate = self.source.generate
            if generate is None:
                return
            first = window.since or datetime(2000, 1, 1, tzinfo=UTC).date()
            for member in generate(first, (window.now + timedelta(days=366)).date().replace(day=1)):
                landed = self._land(member, "generated")
                if landed is not None:
                    yield landed

        return calls

    def _land(self, piece: Member | Rejected, name: str) -> Landed | None:
        now = datetime.now(UTC)
        if isinstance(piece, Rejected):
            endpoint, params, body, received_at = piece.entity, {"file": name}, piece.row.encode(), now
            origin = body
        else:
            endpoint, params, body = piece.endpoint, dict(piece.params), piece.body
            received_at, origin = piece.received_at or now, piece.origin.encode() or body
        response_id = content_id(self.source.name, endpoint, params, origin)
        if self.landing.holds(self.source.name, endpoint, response_id):
            return None
        return self.landing.write(
            Landed(
                source=self.source.name,
                endpoint=endpoint,
                url=name,
                params=params,
                requested_at=now,
                received_at=received_at,
                status=None,
                outcome=MalformedResponse.outcome if isinstance(piece, Rejected) else "ok",
                error_message=piece.reason if isinstance(piece, Rejected) else None,
                body=body,
                response_id=response_id,
            )
        )

    def _follow(self, calls: Callable[[State], Calls]) -> SourceReport:
        """Bring both readers of the log up to its end, making `calls` when the raw schema has reached it."""
        started = time.monotonic()
        with alone(self.settings, self.source):
            self.landing.forget(self.source.name)
            for schema in (self.raw, self.ops):
                self.report.recovered |= schema.finish_pending()
            accounted = self.ops.state()
            self.raw.load(lambda state: self._raw_rows(state, calls))
            self.loads_through = self.raw.last_load()
            self.ops.load(self._ops_rows)
            self._account(accounted.get("raw_loads_through", ""))
        self.report.seconds = time.monotonic() - started
        return self.report

    def _raw_rows(self, state: State, calls: Callable[[State], Calls]) -> Rows:
        marks = state.setdefault("marks", {})
        for landed in _ahead(self.landing.after(self.source.name, state.get("landed_through", ""))):
            yield self._consume(landed, state, marks)
        making = calls(state)
        try:
            fresh = next(making)
            while True:
                yield self._consume(fresh, state, marks)
                fresh = making.send(self.outcomes[fresh.path].error)
        except StopIteration:
            return

    def _consume(self, landed: Landed, state: State, marks: dict[str, str]) -> list[tuple[str, pa.Table]]:
        """The rows of an answer, after which the state is that of the log behind it."""
        parsed, outcome = self._read(landed)
        self.outcomes[landed.path] = outcome
        if outcome.error is None:
            advance(marks, landed)
        state["landed_through"] = landed.stamp
        self.listener(self.source.name, landed)
        return [(name, _with_origin(table, landed)) for name, table in parsed.tables.items() if table.num_rows]

    def _read(self, landed: Landed) -> tuple[Parsed, Outcome]:
        """What one landed answer holds, and the account of it."""
        parsed, error = self._parse(landed)
        return parsed, Outcome.of(landed, parsed, error)

    def _parse(self, landed: Landed) -> tuple[Parsed, ProviderError | None]:
        """Parse one landed answer. Whatever a body holds, the result is rows, refused rows, or a named error."""
        if landed.outcome != "ok":
            error = _error_of(landed)
            unread = [_whole(landed, str(error))] if isinstance(error, MalformedResponse) else []
            return Parsed(rejected=unread), error
        try:
            parsed = self.source.parser(landed.endpoint)(landed.response)
        except ProviderError as error:
            error.source, error.endpoint = landed.source, landed.endpoint
            unread = [_whole(landed, error.detail)] if isinstance(error, MalformedResponse) else []
            return Parsed(rejected=unread), error
        except Exception as error:  # a parser's own fault must not stop the log: the answer waits in quarantine
            reason = f"the parser failed: {type(error).__name__}: {error}"
            return Parsed(rejected=[_whole(landed, reason)]), MalformedResponse(reason)
        return conform(parsed, self.known, self.report.new_columns), None

    def _ops_rows(self, state: State) -> Rows:
        batch: list[Outcome] = []
        for path in self.landing.paths(self.source.name, after=state.get("landed_through", "")):
            outcome = self.outcomes.get(path) or self._read(self.landing.read(path))[1]
            batch.append(outcome)
            self.report.add(outcome)
            state["landed_through"] = outcome.landed.stamp
        state["raw_loads_through"] = self.loads_through
        if batch:
            tables = {ops.REQUESTS: ops.requests_table(batch), ops.QUARANTINE: ops.quarantine_table(batch)}
            yield [(table.name, rows) for table, rows in tables.items() if rows.num_rows]

    def _account(self, after: str) -> None:
        """Compare what was received with what stands in the warehouse, row by row counts."""
        self.report.loaded = {
            name: rows for name, rows in self.raw.counts(after).items() if rows or name in self.report.received
        }
        self.report.check()


@contextmanager
def alone(settings: Settings, source: Source) -> Iterator[None]:
    """Hold the source for this process; the lock lives in the warehouse and dies with the connection.

    Raises AlreadyRunning if another process holds it for longer than `PATIENCE`.
    """
    lock = (crc32(f"marketloom {source.name}".encode()),)
    with warehouse.connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", (f"{PATIENCE.total_seconds():.0f}s",))
        try:
            cursor.execute("select pg_advisory_lock(%s)", lock)
        except psycopg2.errors.LockNotAvailable as error:
            told = f"another run of {source.name} is at work on {settings.database}: let it finish first"
            raise AlreadyRunning(told) from error
        connection.commit()
        try:
            yield
        finally:
            # The server would give it back too, but only some time after the connection is closed.
            with suppress(psycopg2.Error):
                cursor.execute("select pg_advisory_unlock(%s)", lock)


def _with_origin(table: pa.Table, landed: Landed) -> pa.Table:
    """The rows with the answer's id, which is written but once, and the time it was received."""
    rows = table.num_rows
    ids = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), [landed.response_id])
    times = pa.repeat(pa.scalar(landed.received_at, pa.timestamp("us", tz="UTC")), rows)
    return table.append_column("_response_id", ids).append_column("_received_at", times)


def _whole(landed: Landed, reason: str) -> Rejected:
    return Rejected(landed.endpoint, reason, f"landed answer {landed.path}")


def _error_of(landed: Landed) -> ProviderError | None:
    kinds = {kind.outcome: kind for kind in ProviderError.__subclasses__()}
    kind = kinds.get(landed.outcome)
    if kind is None:
        return None
    scope = " ".join(landed.params[name] for name in ("session", "ticker", "feed") if name in landed.params)
    return kind(landed.error_message or landed.outcome, source=landed.source, endpoint=landed.endpoint, scope=scope)


def _nothing() -> Calls:
    yield from ()


def _ahead(landing: Iterator[Landed]) -> Calls:
    """The same answers, the next of which is landed, or read from there, while the one before it is parsed."""
    with ThreadPoolExecutor(1, thread_name_prefix="landing") as thread:
        following = thread.submit(next, landing, None)
        while (landed := following.result()) is not None:
            following = thread.submit(next, landing, None)
            yield landed
