"""What the commands do, over all sources: ingest, backfill, replay, the whole run, and the report at the end."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import typer
from psycopg2 import sql
from rich.console import Console
from rich.table import Table as Grid

from ingestion import config, dbt_build, simulation
from ingestion.config import Settings
from ingestion.display import progress, show
from ingestion.errors import MarketloomError
from ingestion.extract.plan import Window
from ingestion.extract.redaction import Redactor
from ingestion.landing import Landing
from ingestion.load import raw
from ingestion.model import Source
from ingestion.pipeline import Run
from ingestion.report import SourceReport
from ingestion.sources import SOURCES
from ingestion.startup import spare_collections
from ingestion.warehouse import server as warehouse


def prepare(settings: Settings) -> None:
    """The warehouse up, with every raw table in place, so that dbt can build whatever has been ingested so far."""
    warehouse.up(settings, raw.schemas())
    raw.prepare(settings, SOURCES.values())


def ingest(
    settings: Settings,
    names: Sequence[str],
    since: date | None,
    until: date | None,
    tickers: tuple[str, ...],
    console: Console,
) -> list[SourceReport]:
    """Ingest the named sources, or all that need no files; one that fails does not stop the others."""
    chosen = [SOURCES[name] for name in names] or [s for s in SOURCES.values() if s.endpoints or s.generate]
    prepare(settings)
    lookback = timedelta(days=settings.limit("lookback_days", 60))
    with _market(settings, console):
        window = Window(_now(settings), since, until, tickers, lookback)

        def work(run: Run) -> SourceReport:
            if run.source.unpack:
                raise MarketloomError(f"it comes as files: use `marketloom backfill {run.source.name} PATH`")
            if run.source.key and not settings.source(run.source).api_key and not names:
                run.report.skipped = f"no key: set SOURCES__{run.source.name.upper()}__API_KEY to go live"
                return run.report
            return run.ingest(window)

        return _each(settings, chosen, work, console) + _calendar_if_missing(settings, console)


def backfill(settings: Settings, name: str, paths: Iterable[Path], console: Console) -> list[SourceReport]:
    """Load the files of one source that are found at `paths` (folders are searched for its file patterns)."""
    source = SOURCES[name]
    prepare(settings)
    files = sorted({file for path in paths for file in _files(path, source)})
    if not files:
        raise MarketloomError(f"no {' or '.join(source.file_patterns)} found there: name files or their folder")
    reports = _each(settings, [source], lambda run: run.backfill(files), console)
    return reports + _calendar_if_missing(settings, console)


def _calendar_if_missing(settings: Settings, console: Console) -> list[SourceReport]:
    """Whatever is loaded first, the marts need sessions: the calendar costs no call, so it comes along by itself."""
    with warehouse.connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select exists (select from raw_calendar.days)")
        row = cursor.fetchone()
    if row and row[0]:
        return []
    return _each(settings, [SOURCES["calendar"]], lambda run: run.ingest(Window(datetime.now(UTC))), console)


def replay(settings: Settings, names: Sequence[str], console: Console) -> list[SourceReport]:
    """Rebuild the raw tables of the named sources, or of all, from landing."""
    prepare(settings)
    return _each(settings, [SOURCES[name] for name in names or SOURCES], Run.replay, console)


def run_all(settings: Settings, *, is_target_given: bool, rebuild: bool, console: Console) -> int:
    """Warehouse, ingestion, dbt build, docs, summary; the exit status. Without a key for any provider: simulated.

    Where nothing new was loaded since the same project was built, there is nothing to build, unless `rebuild` says so.
    """
    if not is_target_given and not _has_key(settings):
        settings = config.load("sandbox")
        console.print("No provider key is configured, so this run works on the simulated market (target sandbox).")
    reports = ingest(settings, (), None, None, (), console)
    if settings.is_sandbox:
        folder = simulation.write_sample(settings.home / "sample", now=settings.sandbox_now)
        for name in ("headlines", "pystock"):
            reports += backfill(settings, name, [folder / name], console)
    show(reports, console)
    _build(settings, rebuild, console)
    summary(settings, console)
    if settings.is_sandbox:
        console.print(
            "This was simulated data. Look at it with `dbt test --target sandbox` or "
            "`marketloom psql --target sandbox`;\nto go live, set SOURCES__POLYGON__API_KEY "
            "(and SOURCES__ALPHA_VANTAGE__API_KEY), then `marketloom run --target live`."
        )
    return int(any(report.is_failed for report in reports))


def _build(settings: Settings, rebuild: bool, console: Console) -> None:
    """Run dbt build and docs, unless the last build is still current."""
    if not rebuild and (built_at := dbt_build.built_at(settings)):
        console.print(
            f"Nothing new since the build of {built_at:%Y-%m-%d %H:%M} UTC: dbt has nothing to do "
            "(`marketloom run --rebuild` builds anyway)."
        )
        return
    for arguments in (dbt_build.BUILD, dbt_build.DOCS):
        command = f"dbt {' '.join(arguments)} --target {settings.target}"
        console.print(command)
        console.file.flush()
        if dbt_build.dbt(settings, arguments, colors=console.is_terminal):
            raise MarketloomError(f"dbt {arguments[0]} failed: `{command}`")


def summary(settings: Settings, console: Console) -> None:
    """Print each mart with its number of rows."""
    grid = Grid("mart", "rows", title=f"marts in {settings.database}", title_justify="left")
    grid.columns[1].justify = "right"
    with warehouse.connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select table_name from information_schema.tables where table_schema = 'marts' order by 1")
        names = [name for (name,) in cursor.fetchall()]
        for name in names:
            cursor.execute(sql.SQL("select count(*) from {}").format(sql.Identifier("marts", name)))
            row = cursor.fetchone()
            grid.add_row(name, f"{row[0]:,}" if row else "")
    if not names:
        raise MarketloomError(
            f"there are no marts in {settings.database} yet: run `dbt build --target {settings.target}`"
        )
    console.print(grid)


def finish(reports: Sequence[SourceReport], console: Console) -> None:
    """Show the report and end with status 1 if anything failed."""
    show(reports, console)
    if any(report.is_failed for report in reports):
        raise typer.Exit(1)


def _each(
    settings: Settings, sources: Sequence[Source], work: Callable[[Run], SourceReport], console: Console
) -> list[SourceReport]:
    landing = Landing(settings.landing_url)
    reports = []
    spare_collections()
    with progress(console) as listener:
        for source in sources:
            run = Run(settings, source, landing, listener)
            try:
                reports.append(work(run))
            except MarketloomError as error:
                run.report.failures.append(str(error))
                reports.append(run.report)
            except Exception as error:  # a fault of ours in one source must not cost the others their data
                told = f"unexpected {type(error).__name__}: {error}; run it again, and report it if it stays"
                run.report.failures.append(Redactor(settings.source(source).api_key).text(told))
                reports.append(run.report)
    return reports


@contextmanager
def _market(settings: Settings, console: Console) -> Iterator[None]:
    """For the target sandbox, a simulated market to ask: the one that is running, else one for the time of the run."""
    if not settings.is_sandbox or simulation.is_available(settings.sandbox_url):
        yield
        return
    with simulation.running(settings.sandbox_now) as url, config.environment(MARKETLOOM_SANDBOX_URL=url):
        console.print(f"simulated market at {url}")
        yield


def _now(settings: Settings) -> datetime:
    return simulation.current_time(settings.sandbox_url) if settings.is_sandbox else datetime.now(UTC)


def _files(path: Path, source: Source) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    for pattern in source.file_patterns:
        yield from path.rglob(pattern)


def _has_key(settings: Settings) -> bool:
    return any(source.key and settings.source(source).api_key for source in SOURCES.values())
