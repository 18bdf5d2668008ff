"""Run one source: extract, land, parse, load, account.

Landing is a log, and the raw tables are derived from it. Each source has two readers of its log, each with a cursor of
its own in the warehouse: the source's raw schema, and raw_ops, which holds requests and quarantine. Whenever a run is
killed, the next one continues from the two cursors, so that no row is lost and none is loaded twice.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.errors import ConfigurationError, MarketloomError
from ingestion.extract.client import Client
from ingestion.extract.plan import Calls, Plan, advance
from ingestion.extract.window import Window
from ingestion.landing import Landed, Landing, bulk_files, land_piece
from ingestion.load import ops, schemas
from ingestion.load.outcome import Outcome, parse, with_origin
from ingestion.load.raw import Columns, RawSchema, Rows, State
from ingestion.model import Member, Parsed, Rejected, Source
from ingestion.parsing.conform import conform
from ingestion.parsing.schema import sessions_of
from ingestion.report import SourceReport
from ingestion.warehouse.lock import locked

Listener = Callable[[str, Landed], None]
FIRST_GENERATED = date(2000, 1, 1)
GENERATED_AHEAD = timedelta(days=366)


@dataclass
class Run:
    """One run of one source. `listener` is called with each landed response when it has been parsed."""

    source: Source
    landing: Landing
    raw: RawSchema
    ops: RawSchema
    open_client: Callable[[], Client]
    sessions_folder: Path
    listener: Listener = lambda source, landed: None
    report: SourceReport = field(init=False)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    last_load_id: str = ""

    def __post_init__(self) -> None:
        self.report = SourceReport(self.source.name)

    def ingest(self, window: Window) -> SourceReport:
        """Extract what is new from the provider, and load it."""

        def calls(state: State) -> Calls:
            try:
                opened = self.open_client()
            except ConfigurationError as error:
                self.report.failures.append(str(error))
                return
            with closing(opened) as client:
                plan = Plan(self.source, client, window, cursors_of(state), self.sessions_folder)
                try:
                    yield from plan.calls()
                finally:
                    self.report.failures += plan.failures
                    self.report.postponed += plan.postponed

        def generated(state: State) -> Calls:
            if self.source.generate:
                last = (window.now + GENERATED_AHEAD).date().replace(day=1)
                yield from self._land(self.source.generate(window.since or FIRST_GENERATED, last), "generated")

        return self._load(calls if self.source.endpoints else generated)

    def backfill(self, paths: Iterable[Path]) -> SourceReport:
        """Land and load bulk files, except those whose content was landed before; folders are searched for them.

        A file that cannot be read does not stop the others.
        """
        if self.source.unpack is None:
            raise MarketloomError(f"{self.source.name} does not come as files: use `marketloom ingest`")
        found = bulk_files.find(paths, self.source.file_patterns)
        if not found.files and not found.problems:
            patterns = " or ".join(self.source.file_patterns)
            raise MarketloomError(f"no {patterns} found there: name files or their folder")
        refused = {f"{path} {reason}": None for path, reason in found.problems.items()}
        places: dict[str, Path] = {}
        self._load(lambda state: _prefetched(self._land_files(found.files, places, refused)))
        for outcome in self.outcomes.values():
            if outcome.error and not outcome.landed.error_message:  # the parser has refused a piece as a whole
                place = places.get(outcome.landed.url, outcome.landed.url)
                refused[f"{place}: {outcome.landed.endpoint}: {outcome.error.detail}"] = None
        self.report.failures += refused
        return self.report

    def _land_files(self, files: Iterable[Path], places: dict[str, Path], refused: dict[str, None]) -> Iterator[Landed]:
        """Land the pieces of the files; adds what cannot be read to `refused`, and each file to `places` by name."""
        assert self.source.unpack
        for path in files:
            try:
                for name, file in bulk_files.opened(path, self.source.file_patterns):
                    places[name] = path
                    for piece in self.source.unpack(name, file):
                        if isinstance(piece, Rejected):
                            refused[f"{path}: {piece.reason}"] = None
                        yield from self._land([piece], name)
            except bulk_files.UnreadableFile as problem:
                refused[f"{path}: {problem}"] = None
                yield from self._land([Rejected("file", str(problem), path.name)], path.name)

    def replay(self) -> SourceReport:
        """Rebuild the source's raw tables and records from landing alone."""
        self.empty()
        return self.load_landed()

    def load_landed(self) -> SourceReport:
        """Load what is landed and not loaded yet."""
        return self._load(lambda state: _prefetched(iter(())))

    def empty(self) -> None:
        """Delete the source's raw rows, records and state. Landing is not touched."""
        schemas.empty(self.raw, self.ops, self.source)

    @cached_property
    def known_columns(self) -> Columns:
        """The columns that the warehouse has, read when the first row is compared with them."""
        return self.raw.known_columns()

    def _land(self, pieces: Iterable[Member | Rejected], name: str) -> Iterator[Landed]:
        for piece in pieces:
            landed = land_piece(self.landing, self.source.name, piece, name)
            if landed is not None:
                yield landed

    def _load(self, calls: Callable[[State], Calls]) -> SourceReport:
        """Bring both readers to the end of the log; make `calls` when the raw schema has reached it."""
        started = time.monotonic()
        with locked(self.raw.warehouse, self.source.name):
            self.landing.refresh(self.source.name)
            for schema in (self.raw, self.ops):
                self.report.recovered |= schema.finish_pending()
            accounted = self.ops.state()
            self.raw.load(lambda state: self._raw_rows(state, calls))
            self.last_load_id = schemas.last_load_id(self.raw)
            self.ops.load(self._ops_rows)
            self._account(accounted.get("raw_loads_through", ""))
        self.report.seconds = time.monotonic() - started
        return self.report

    def _raw_rows(self, state: State, calls: Callable[[State], Calls]) -> Rows:
        for landed in _prefetched(self.landing.after(self.source.name, state.get("landed_through", ""))):
            yield self._tables(landed, state)
        responses = calls(state)
        try:
            landed = next(responses)
            while True:
                yield self._tables(landed, state)
                landed = responses.send(self.outcomes[landed.path].error)
        except StopIteration:
            return

    def _tables(self, landed: Landed, state: State) -> list[tuple[str, pa.Table]]:
        """The rows of a response. Afterwards `state` is the state as of this response."""
        parsed, outcome = self._parse(landed)
        self.outcomes[landed.path] = outcome
        if outcome.error is None:
            advance(cursors_of(state), landed)
        state["landed_through"] = landed.stamp
        self.listener(self.source.name, landed)
        return [(name, with_origin(table, landed)) for name, table in parsed.tables.items() if table.num_rows]

    def _parse(self, landed: Landed) -> tuple[Parsed, Outcome]:
        parsed, error = parse(self.source, landed)
        earliest = [pc.min(rows[column]).as_py() for rows in parsed.tables.values() for column in sessions_of(rows)]
        self.report.earliest_session = min(filter(None, [*earliest, self.report.earliest_session]), default=None)
        if parsed.tables:
            parsed = conform(parsed, self.known_columns, self.report.new_columns)
        return parsed, Outcome.of(landed, parsed, error)

    def _ops_rows(self, state: State) -> Rows:
        batch: list[Outcome] = []
        for path in self.landing.paths(self.source.name, after=state.get("landed_through", "")):
            outcome = self.outcomes.get(path) or self._parse(self.landing.read(path))[1]
            batch.append(outcome)
            self.report.add(outcome)
            state["landed_through"] = outcome.landed.stamp
        state["raw_loads_through"] = self.last_load_id
        if batch:
            tables = {ops.REQUESTS: ops.requests_table(batch), ops.QUARANTINE: ops.quarantine_table(batch)}
            yield [(table.name, rows) for table, rows in tables.items() if rows.num_rows]

    def _account(self, after: str) -> None:
        """Compare the rows received with the rows loaded."""
        loaded = schemas.rows_loaded(self.raw, after)
        self.report.loaded = {name: rows for name, rows in loaded.items() if rows or name in self.report.received}
        self.report.check()


def cursors_of(state: State) -> dict[str, str]:
    """The cursors in a source's state; the first versions called them marks."""
    old: dict[str, str] = state.pop("marks", {})
    return dict.setdefault(state, "cursors", old)


def _prefetched(landed: Iterator[Landed]) -> Calls:
    """The same, the next of which is landed or read in another thread while the one before it is parsed."""
    with ThreadPoolExecutor(1, thread_name_prefix="landing") as thread:
        following = thread.submit(next, landed, None)
        while (current := following.result()) is not None:
            following = thread.submit(next, landed, None)
            yield current
