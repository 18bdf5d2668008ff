"""Warehouses with histories of given lengths, loaded and built once and shared by the benchmarks of a run."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.harness import Bench, Options, Process
from benchmarks.seasons import Seasons, write_headlines
from ingestion.warehouse import roles
from ingestion.warehouse.server import Warehouse

BARS_A_SESSION, ARTICLES_A_SESSION = 6_000, 2_000
BARS_AN_ARTICLE = 50
# The DAG's build, except that rows and loads count as recent for minutes, not a day: the history is only minutes old.
VARIABLES = "{test_scope: recent, recent_test_hours: 0.05, load_lookback_minutes: 1}"
BUILD = ("build", "--exclude-resource-type", "unit_test", "--vars", VARIABLES)

# Runs a query with parameters and returns its rows.
Ask = Callable[..., list[tuple[Any, ...]]]


class History(Bench):
    """A warehouse with about `rows` raw bars and one article for every fifty bars.

    The newest season comes from archives with their times of collection, earlier bars from one Parquet file, and
    articles from a file of headlines.
    """

    def __init__(self, options: Options, folder: Path, rows: int) -> None:
        super().__init__(options, folder)
        self.rows = rows
        self.seasons = Seasons(rows, folder, options.data)

    @property
    def articles(self) -> int:
        return max(20, self.rows // BARS_AN_ARTICLE)

    @cached_property
    def symbols(self) -> list[str]:
        """The securities of a new session."""
        return list(self.seasons.after(1, BARS_A_SESSION).bars["symbol"].to_pylist())

    def make(self) -> None:
        """Load and build if that has not been done, and record the seconds."""
        if self._record_file.exists():
            return
        days = self.seasons.days()
        # The default calendar begins in 2000.
        self.marketloom("ingest", "calendar", "--since", f"{min(days[0].year, 2000)}-01-01")
        newest, before = (self.seasons.part(only_newest=only) for only in (True, False))
        files = [newest.write_archives(), before.write_parquet()]
        started = time.monotonic()
        for file in files:
            if file.exists():
                self.marketloom("backfill", "pystock", str(file))
        loaded = time.monotonic()
        headlines = write_headlines(self.folder / "headlines.csv", self.articles, days, self.symbols)
        started_news = time.monotonic()
        self.marketloom("backfill", "headlines", str(headlines))
        built_from = time.monotonic()
        self.dbt(*BUILD)
        seconds = {"bars": loaded - started, "news": built_from - started_news, "build": time.monotonic() - built_from}
        self._record_file.write_text(json.dumps({"added": 0, **seconds}))
        self.execute("vacuum analyze", "checkpoint")

    @property
    def record(self) -> dict[str, Any]:
        """Seconds of the loads and the first build, and the number of sessions added since."""
        found: dict[str, Any] = json.loads(self._record_file.read_text())
        return found

    def add_session(self) -> tuple[Path, Path]:
        """Write the files of one more session and its news."""
        number = self.record["added"] + 1
        self._record_file.write_text(json.dumps({**self.record, "added": number}))
        archive = self.seasons.after(number, BARS_A_SESSION)
        folder = self.folder / f"new-{number}"
        written = self.seasons.write_one(archive, folder)
        news = write_headlines(
            folder / f"headlines_{number}.csv", ARTICLES_A_SESSION, [archive.day - timedelta(days=1)], self.symbols
        )
        return written, news

    def load(self, files: tuple[Path, Path]) -> Process:
        """Load the files of a session and build, with the commands of a user."""
        archive, news = files
        done = [
            self.marketloom("backfill", "pystock", str(archive)),
            self.marketloom("backfill", "headlines", str(news)),
            self.dbt(*BUILD),
        ]
        return Process(sum(process.cpu_seconds for process in done), max(process.peak_bytes for process in done))

    @contextmanager
    def analyst(self) -> Iterator[Ask]:
        """A connection as the analyst role, each statement in its own transaction."""
        with (
            Warehouse(self.settings).connect(role=roles.ANALYST, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):

            def ask(query: str, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
                cursor.execute(query, values)
                return cursor.fetchall() if cursor.description else []

            yield ask

    @property
    def _record_file(self) -> Path:
        return self.folder / "history.json"


def history(bench: Bench, rows: int) -> History:
    """The history of that length; the first benchmark that needs it builds it."""
    if rows not in bench.shared:
        folder = (bench.options.kept or bench.folder).resolve() / f"history-{rows}"
        folder.mkdir(parents=True, exist_ok=True)
        made = bench.until_end.enter_context(History(bench.options, folder, rows))
        made.make()
        bench.shared[rows] = made
    found: History = bench.shared[rows]
    return found
