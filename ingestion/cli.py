"""The `marketloom` command: the warehouse, the sources, the simulated market, and all of it in one run."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ingestion import config
from ingestion.config import Settings
from ingestion.errors import MarketloomError
from ingestion.startup import spare_pandas
from ingestion.warehouse import server as warehouse

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None, help=__doc__
)
console = Console(width=None if sys.stdout.isatty() else 140, highlight=False, soft_wrap=not sys.stdout.isatty())
errors = Console(stderr=True, highlight=False, soft_wrap=True)

Target = Annotated[
    str | None, typer.Option("--target", "-t", help="live or sandbox; by default MARKETLOOM_TARGET, else live.")
]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]
SourceNames = Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="By default, all that apply.")]


@app.command()
def up(target: Target = None) -> None:
    """Start the embedded warehouse, if it is the one in use; make roles, database, schemas and raw tables."""
    with _settled(target) as settings:
        from ingestion import runner

        runner.prepare(settings)
        _show_status(settings)


@app.command()
def down() -> None:
    """Stop the embedded warehouse."""
    with _settled(None) as settings:
        console.print("stopped" if warehouse.down(settings) else "was not running")


@app.command()
def status(target: Target = None) -> None:
    """Say where the warehouse is and whether it answers (exit status 1 if it does not)."""
    with _settled(target) as settings:
        _show_status(settings)


@app.command()
def url(target: Target = None) -> None:
    """Print the warehouse's address as a libpq URL, without a password."""
    with _settled(target) as settings:
        print(settings.dsn(password=False))


@app.command()
def psql(command: Annotated[str | None, typer.Option("-c", help="SQL to run.")] = None, target: Target = None) -> None:
    """Open psql on the warehouse, or run one statement."""
    with _settled(target) as settings:
        raise typer.Exit(warehouse.psql(settings, ["-c", command] if command else []))


@app.command()
def ingest(
    sources: SourceNames = None,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day to ask for.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day to ask for.")] = None,
    ticker: Annotated[list[str] | None, typer.Option("--ticker", help="Ask for this ticker; may be repeated.")] = None,
    target: Target = None,
) -> None:
    """Extract what is new from the sources and load it into raw."""
    with _settled(target) as settings:
        from ingestion import runner

        days = [day.date() if day else None for day in (since, until)]
        if days[0] and days[1] and days[0] > days[1]:
            raise typer.BadParameter(f"--since {days[0]} is after --until {days[1]}")
        names = _known(sources, as_files=False)
        runner.finish(runner.ingest(settings, names, days[0], days[1], tuple(ticker or ()), console), console)


@app.command()
def backfill(
    source: Annotated[str, typer.Argument(help="A source that comes as files: pystock, headlines.")],
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Files, or folders to search.")],
    target: Target = None,
) -> None:
    """Load bulk files into raw; what was loaded before is passed over.

    pystock takes its archives (YYYYMMDD.tar.gz), and bars of the same columns as CSV or Parquet files of any size;
    headlines takes CSV files.
    """
    with _settled(target) as settings:
        from ingestion import runner

        (name,) = _known([source], as_files=True)
        runner.finish(runner.backfill(settings, name, paths, console), console)


@app.command()
def replay(sources: SourceNames = None, target: Target = None) -> None:
    """Rebuild raw from the landing zone, with no network. Follow it with `dbt build --full-refresh`."""
    with _settled(target) as settings:
        from ingestion import runner

        runner.finish(runner.replay(settings, _known(sources), console), console)


@app.command()
def run(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Run dbt even if nothing new was loaded.")] = False,
    target: Target = None,
) -> None:
    """Everything in order: warehouse, ingestion, dbt build, docs, summary. Without any key: on the simulated market.

    dbt is run if a load has brought rows, or the project has changed, since the last run that succeeded.
    """
    with _settled(target) as settings:
        from ingestion import runner

        raise typer.Exit(runner.run_all(settings, is_target_given=target is not None, rebuild=rebuild, console=console))


@app.command()
def summary(target: Target = None) -> None:
    """Say what the marts hold."""
    with _settled(target) as settings:
        from ingestion import runner

        runner.summary(settings, console)


@app.command()
def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 8765,
    seed: Annotated[int, typer.Option(help="The market's seed: the same seed, the same market.")] = 7,
    securities: Annotated[int, typer.Option(min=10, max=12_000, help="How many securities are simulated.")] = 120,
    now: Annotated[
        str | None, typer.Option(help="Pin the market's clock (ISO 8601); by default the real time.")
    ] = None,
) -> None:
    """Serve the simulated market behind the providers' own paths and wire formats."""
    from ingestion import simulation

    given = {"host": host, "port": port, "seed": seed, "securities": securities, "now": now}
    simulation.serve([f"--{name}={value}" for name, value in given.items() if value is not None])


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write.")],
    sessions: Annotated[int, typer.Option(min=1, max=250, help="How many archives, one for each session.")] = 10,
) -> None:
    """Write bulk files of the simulated market, to try `backfill` on: pystock archives and a headlines CSV."""
    from ingestion import simulation

    simulation.write_sample(folder, sessions=sessions)
    console.print(f"wrote {folder}/pystock/*.tar.gz and {folder}/headlines/*.csv")


def _known(names: list[str] | None, *, as_files: bool | None = None) -> list[str]:
    """The names if they are those of sources, and of such as come (or do not come) as files."""
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


def _show_status(settings: Settings) -> None:
    found: dict[str, Any] = warehouse.status(settings)
    console.print(f"warehouse: {found['place']}")
    console.print(f"PostgreSQL {found['version']}, database {found['database']}, {found['size']}")


@contextmanager
def _settled(target: str | None) -> Iterator[Settings]:
    """Settings for a command; errors that marketloom raises on purpose end it with one line and status 1."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    spare_pandas()
    try:
        yield config.load(target)
    except config.ConfigurationError as error:
        errors.print(f"marketloom: {error}")
        raise typer.Exit(2) from None
    except MarketloomError as error:
        errors.print(f"marketloom: {error}")
        raise typer.Exit(1) from None


main: Callable[[], None] = app
