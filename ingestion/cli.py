"""Ingest market data into a PostgreSQL warehouse and build it with dbt."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import psycopg2
import typer
from rich.console import Console

from ingestion import config
from ingestion.config import Settings
from ingestion.errors import ConfigurationError, MarketloomError
from ingestion.interruption import ends_when_interrupted
from ingestion.startup import avoid_pandas, raise_file_limit
from ingestion.system_errors import explained
from ingestion.warehouse.server import Warehouse

if TYPE_CHECKING:
    from ingestion.report import SourceReport

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=__doc__
)
console = Console(width=None if sys.stdout.isatty() else 140, highlight=False, soft_wrap=not sys.stdout.isatty())
errors = Console(stderr=True, highlight=False, soft_wrap=True)

EARLIEST = date(1900, 1, 1)

Target = Annotated[
    str | None, typer.Option("--target", "-t", help="live or sandbox. Default: MARKETLOOM_TARGET, else live.")
]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
SourceNames = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Default: all that apply.")]


@app.command()
def up(target: Target = None) -> None:
    """Start the embedded warehouse, if it is in use. Create roles, database, schemas and raw tables."""
    with _settings(target) as settings:
        from ingestion import runner

        runner.prepare(settings)
        _show_status(settings)


@app.command()
def down() -> None:
    """Stop the embedded warehouse."""
    with _settings(None) as settings:
        console.print("stopped" if Warehouse(settings).down() else "was not running")


@app.command()
def status(target: Target = None) -> None:
    """Show where the warehouse is and its size. The exit status is 1 if it does not respond."""
    with _settings(target) as settings:
        _show_status(settings)


@app.command()
def url(target: Target = None) -> None:
    """Print the warehouse's libpq URL, without a password."""
    with _settings(target) as settings:
        print(settings.dsn(password=False))


@app.command()
def psql(command: Annotated[str | None, typer.Option("-c", help="SQL to run.")] = None, target: Target = None) -> None:
    """Open psql on the warehouse, or run one statement."""
    with _settings(target) as settings:
        raise typer.Exit(Warehouse(settings).psql(["-c", command] if command else []))


@app.command()
def ingest(
    sources: SourceNames = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day to extract.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day to extract.")] = None,
    ticker: Annotated[list[str] | None, typer.Option("--ticker", help="Extract this ticker. Can be repeated.")] = None,
    target: Target = None,
) -> None:
    """Extract what is new from the sources and load it into raw."""
    with _settings(target) as settings:
        from ingestion import runner

        days = [day.date() if day else None for day in (since, until)]
        for name, day in zip(("--since", "--until"), days, strict=True):
            if day and day < EARLIEST:
                raise typer.BadParameter(f"{name} {day} is before {EARLIEST}, the first day that is kept")
        if days[0] and days[1] and days[0] > days[1]:
            raise typer.BadParameter(f"--since {days[0]} is after --until {days[1]}")
        names = _known(sources, as_files=False)
        _finish(runner.ingest(settings, names, days[0], days[1], tuple(ticker or ()), console))


@app.command()
def backfill(
    source: Annotated[str, typer.Argument(help="A source of files: pystock or headlines.")],
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders to search.")],
    target: Target = None,
) -> None:
    """Load bulk files into raw. Skips files that were loaded before.

    pystock reads archives (YYYYMMDD.tar.gz), and CSV or Parquet files of any size with the columns of their bars.
    headlines reads CSV files. Columns are found by name. Files may be compressed (gz, zst, bz2, xz, zip) or in UTF-16,
    and folders may be data sets of Spark, Dask or Hive. A file that cannot be read is named, and fails the command.
    """
    with _settings(target) as settings:
        from ingestion import runner

        (name,) = _known([source], as_files=True)
        _finish(runner.backfill(settings, name, paths, console))


@app.command()
def replay(sources: SourceNames = None, target: Target = None) -> None:
    """Rebuild raw from the landing zone, without network. Run `dbt build --full-refresh` afterwards."""
    with _settings(target) as settings:
        from ingestion import runner

        _finish(runner.replay(settings, _known(sources), console))


@app.command("set-aside")
def set_aside(
    source: Annotated[str, typer.Argument(help="The source whose input cannot be loaded.")],
    responses: Annotated[list[str], typer.Argument(help="Response ids, as the error names them.")],
    target: Target = None,
) -> None:
    """Move landed responses that cannot be loaded to set_aside/, and replay the source without them.

    Run `dbt build --full-refresh` afterwards if they had been loaded before.
    """
    with _settings(target) as settings:
        from ingestion import runner

        (name,) = _known([source])
        _finish(runner.set_aside(settings, name, responses, console))


@app.command()
def run(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Run dbt even if nothing new was loaded.")] = False,
    target: Target = None,
) -> None:
    """Run everything in order: ingest, build, document.

    It ends with the number of rows of each mart. Without any key it runs on the simulated market. dbt runs if a load
    has brought rows, or the project has changed, since the last successful build.
    """
    with _settings(target) as settings:
        from ingestion import whole_run

        status = whole_run.run(settings, is_target_given=target is not None, rebuild=rebuild, console=console)
        raise typer.Exit(status)


@app.command()
def summary(target: Target = None) -> None:
    """Print the number of rows of each mart."""
    with _settings(target) as settings:
        from ingestion import whole_run

        whole_run.summary(settings, console)


@app.command()
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.", min=0, max=65535)] = 8765,
    seed: Annotated[int, typer.Option(help="Seed of the market: the same seed gives the same market.")] = 7,
    securities: Annotated[int, typer.Option(min=10, max=12_000, help="Number of securities.")] = 120,
    now: Annotated[str | None, typer.Option(help="Pin the market's clock (ISO 8601). Default: the real time.")] = None,
) -> None:
    """Serve the simulated market.

    It responds at the paths and in the wire formats of the providers.
    """
    from ingestion import simulation

    if now is not None:
        try:
            now = config.sandbox_moment(now, "--now")
        except ConfigurationError as error:
            raise typer.BadParameter(str(error)) from None
    given = {"host": host, "port": port, "seed": seed, "securities": securities, "now": now}
    simulation.serve([f"--{name}={value}" for name, value in given.items() if value is not None])


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Folder to write to.")],
    sessions: Annotated[int, typer.Option(min=1, max=250, help="Number of archives, one per session.")] = 10,
) -> None:
    """Write sample files for `backfill`.

    They are pystock archives and a CSV file of headlines, from the simulated market.
    """
    from ingestion import simulation

    simulation.write_sample(folder, sessions=sessions)
    console.print(f"wrote {folder}/pystock/*.tar.gz and {folder}/headlines/*.csv", markup=False)


def _known(names: list[str] | None, *, as_files: bool | None = None) -> list[str]:
    """The names, if they are sources of the kind that the command needs."""
    from ingestion.sources import SOURCES

    unknown = [name for name in names or () if name not in SOURCES]
    if unknown:
        raise typer.BadParameter(f"unknown source {', '.join(unknown)}: known are {', '.join(SOURCES)}")
    for name in names or ():
        if as_files is False and SOURCES[name].unpack:
            raise typer.BadParameter(f"{name} comes as files: use `marketloom backfill {name} PATH`")
        if as_files and not SOURCES[name].unpack:
            raise typer.BadParameter(f"{name} does not come as files: use `marketloom ingest {name}`")
    return list(names or ())


def _finish(reports: "Sequence[SourceReport]") -> None:
    """Print the report and exit with status 1 if anything failed."""
    from ingestion.display import show

    show(reports, console)
    if any(report.is_failed for report in reports):
        raise typer.Exit(1)


def _show_status(settings: Settings) -> None:
    found = Warehouse(settings).status()
    console.print(f"warehouse: {found['place']}", markup=False)
    console.print(f"PostgreSQL {found['version']}, database {found['database']}, {found['size']}", markup=False)


@contextmanager
def _settings(target: str | None) -> Iterator[Settings]:
    """Settings for a command. Expected errors end it with one line and exit status 1 or 2."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    avoid_pandas()
    raise_file_limit()
    with ends_when_interrupted():
        try:
            yield config.load(target)
        except ConfigurationError as error:
            errors.print(f"marketloom: {error}", markup=False)
            raise typer.Exit(2) from None
        except MarketloomError as error:
            errors.print(f"marketloom: {error}", markup=False)
            raise typer.Exit(1) from None
        except (OSError, psycopg2.Error) as error:
            reason = explained(error) or f"{type(error).__name__}: {error}; run again"
            errors.print(f"marketloom: {reason}", markup=False)
            raise typer.Exit(1) from None
