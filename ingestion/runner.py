"""Run the commands over all sources: ingest, backfill, replay."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from ingestion import config, past, simulation
from ingestion.config import Settings
from ingestion.display import progress
from ingestion.errors import ConfigurationError, MarketloomError
from ingestion.extract.client import Client
from ingestion.extract.redaction import Redactor
from ingestion.extract.window import Window
from ingestion.landing import Landing
from ingestion.load import schemas
from ingestion.model import Source
from ingestion.pipeline import FIRST_GENERATED, Listener, Run
from ingestion.report import SourceReport
from ingestion.sources import SOURCES
from ingestion.startup import tune_garbage_collection
from ingestion.system_errors import explained
from ingestion.warehouse.server import Warehouse


@dataclass(frozen=True)
class Resources:
    """What all sources of a run share, built once from the settings."""

    settings: Settings
    warehouse: Warehouse
    landing: Landing

    @classmethod
    def of(cls, settings: Settings) -> "Resources":
        try:
            landing = Landing(settings.landing_url)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"MARKETLOOM_LANDING must be a folder or an fsspec URL: {error}") from error
        return cls(settings, Warehouse(settings), landing)

    def run(self, source: Source, listener: Listener = lambda source, landed: None) -> Run:
        """A run of one source."""
        settings, packages = self.settings, self.settings.packages_folder

        def open_client() -> Client:
            terms, quota_folder = settings.source(source), settings.work_folder / "quota"
            return Client(source, terms, settings.client_limits, self.landing, quota_folder)

        raw = schemas.of_source(self.warehouse, source, packages)
        own = schemas.of_ops(self.warehouse, source, packages)
        return Run(source, self.landing, raw, own, open_client, settings.sessions_folder, listener)


def prepare(settings: Settings) -> None:
    """Start the warehouse and create every raw table, so that dbt can build whatever has been ingested so far."""
    warehouse = Warehouse(settings)
    warehouse.up(schemas.names(SOURCES.values()))
    schemas.create_missing(warehouse, SOURCES.values(), settings.packages_folder)


def ingest(
    settings: Settings,
    names: Sequence[str],
    since: date | None,
    until: date | None,
    tickers: tuple[str, ...],
    console: Console,
    *,
    with_past: bool = False,
) -> list[SourceReport]:
    """Ingest the named sources, or all that need no files. A source that fails does not stop the others.

    On the simulated market, `with_past` first gives an empty warehouse what a collector would have landed before.
    """
    chosen = [SOURCES[name] for name in names] or [s for s in SOURCES.values() if s.endpoints or s.generate]
    prepare(settings)
    lookback = timedelta(days=settings.limit("lookback_days", 60))
    with _market(settings, console):
        now = simulation.current_time(settings.sandbox_url) if settings.is_sandbox else datetime.now(UTC)
        if since and since > now.date():
            raise ConfigurationError(f"--since {since} is in the future: today is {now.date()}")
        if with_past and settings.is_sandbox:
            _ensure_past(settings, now, console)
        window = Window(now, since, until, tickers, lookback)

        def work(run: Run) -> SourceReport:
            if run.source.unpack:
                raise MarketloomError(f"it comes as files: use `marketloom backfill {run.source.name} PATH`")
            if run.source.key and not settings.source(run.source).api_key and not names:
                run.report.skipped = f"no key: set SOURCES__{run.source.name.upper()}__API_KEY to go live"
                return run.report
            return run.ingest(window)

        reports = _each(settings, chosen, work, console)
        return reports + _complete_calendar(settings, reports, console)


def _ensure_past(settings: Settings, now: datetime, console: Console) -> None:
    resources = Resources.of(settings)
    sources = [source for source in SOURCES.values() if source.endpoints]
    is_new = not any(resources.run(source).raw.state() for source in sources)
    if past.ensure(settings, sources, now, is_new=is_new):
        console.print(
            f"landed what a collector received over the last {past.SESSIONS} sessions of the simulated market"
        )


def backfill(settings: Settings, name: str, paths: Iterable[Path], console: Console) -> list[SourceReport]:
    """Load the files of one source at `paths`; folders are searched for them."""
    source = SOURCES[name]
    prepare(settings)
    paths = list(paths)
    reports = _each(settings, [source], lambda run: run.backfill(paths), console)
    return reports + _complete_calendar(settings, reports, console)


def replay(settings: Settings, names: Sequence[str], console: Console) -> list[SourceReport]:
    """Rebuild the raw tables of the named sources, or of all, from landing."""
    prepare(settings)
    return _each(settings, [SOURCES[name] for name in names or SOURCES], Run.replay, console)


def set_aside(settings: Settings, name: str, responses: Sequence[str], console: Console) -> list[SourceReport]:
    """Move landed responses of a source out of its log, and rebuild its raw tables from the others."""
    landing = Landing(settings.landing_url)
    for response in responses:
        console.print(f"moved to {landing.set_aside(name, response)} in {landing.root}", markup=False)
    return replay(settings, [name], console)


def _complete_calendar(settings: Settings, reports: Sequence[SourceReport], console: Console) -> list[SourceReport]:
    """Ingest the calendar, which costs no call, if it is missing or begins after the earliest bar."""
    try:
        with Warehouse(settings).connect() as connection, connection.cursor() as cursor:
            cursor.execute("select min(date) from raw_calendar.days")
            (first,) = cursor.fetchone() or (None,)
    except MarketloomError:
        if any(report.is_failed for report in reports):
            return []  # the report says what happened to the warehouse
        raise
    earliest = min((report.earliest_session for report in reports if report.earliest_session), default=None)
    if first and (earliest is None or earliest >= first):
        return []
    since = earliest.replace(month=1, day=1) if earliest and earliest < FIRST_GENERATED else None
    return _each(settings, [SOURCES["calendar"]], lambda run: run.ingest(Window(datetime.now(UTC), since)), console)


def _each(
    settings: Settings, sources: Sequence[Source], work: Callable[[Run], SourceReport], console: Console
) -> list[SourceReport]:
    resources = Resources.of(settings)
    reports = []
    tune_garbage_collection()
    with progress(console) as listener:
        for source in sources:
            run = resources.run(source, listener)
            try:
                reports.append(work(run))
            except MarketloomError as error:
                run.report.failures.append(str(error))
                reports.append(run.report)
            except Exception as error:  # a bug in one source must not cost the others their data
                folders = (*settings.folders, Path(tempfile.gettempdir()))
                message = explained(error, folders) or (
                    f"unexpected {type(error).__name__}: {error}; run it again, and report it if it stays"
                )
                run.report.failures.append(Redactor(settings.source(source).api_key).text(message))
                reports.append(run.report)
    return reports


@contextmanager
def _market(settings: Settings, console: Console) -> Iterator[None]:
    """For the target sandbox, make sure that a simulated market runs: start one unless it responds already."""
    if not settings.is_sandbox or simulation.is_available(settings.sandbox_url):
        yield
        return
    with simulation.running(settings.sandbox_now) as url, config.environment(MARKETLOOM_SANDBOX_URL=url):
        console.print(f"simulated market at {url}")
        yield
