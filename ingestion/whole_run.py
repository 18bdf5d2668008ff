"""`marketloom run`: warehouse, ingestion, dbt build, docs, summary."""

from psycopg2 import sql
from rich.console import Console
from rich.table import Table as Grid

from ingestion import config, dbt_build, runner, simulation
from ingestion.config import Settings
from ingestion.display import show
from ingestion.errors import MarketloomError
from ingestion.sources import SOURCES
from ingestion.warehouse.server import Warehouse


def run(settings: Settings, *, is_target_given: bool, rebuild: bool, console: Console) -> int:
    """Run everything in order and return the exit status. Without a key for any provider, use the simulated market.

    dbt does not run if nothing was loaded since the same project was built, unless `rebuild` is set.
    """
    if not is_target_given and not _has_key(settings):
        settings = config.load("sandbox")
        console.print("No provider key is configured, so this run works on the simulated market (target sandbox).")
    reports = runner.ingest(settings, (), None, None, (), console, with_past=True)
    if settings.is_sandbox:
        folder = simulation.write_sample(settings.home / "sample", now=settings.sandbox_now)
        for name in ("headlines", "pystock"):
            reports += runner.backfill(settings, name, [folder / name], console)
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


def summary(settings: Settings, console: Console) -> None:
    """Print each mart with its number of rows."""
    grid = Grid("mart", "rows", title=f"marts in {settings.database}", title_justify="left")
    grid.columns[1].justify = "right"
    with Warehouse(settings).connect() as connection, connection.cursor() as cursor:
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
    _analyze(settings)


def _analyze(settings: Settings) -> None:
    """Collect statistics of tables that have none: autovacuum only does so later, and queries are slow until then."""
    with Warehouse(settings).connect(autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select schemaname, relname from pg_stat_user_tables "
            "where schemaname in ('intermediate', 'marts') and last_analyze is null and last_autoanalyze is null"
        )
        for name in cursor.fetchall():
            cursor.execute(sql.SQL("analyze {}").format(sql.Identifier(*name)))


def _has_key(settings: Settings) -> bool:
    return any(source.key and settings.source(source).api_key for source in SOURCES.values())
