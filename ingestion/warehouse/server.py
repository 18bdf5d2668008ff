"""One database of a PostgreSQL server: the embedded server, or the one that the PG* variables name."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import connection as Connection

from ingestion.config import Settings
from ingestion.errors import MarketloomError
from ingestion.interruption import left_to_the_child
from ingestion.warehouse import embedded, roles
from ingestion.warehouse.refusals import explained, is_up


class WarehouseError(MarketloomError):
    """The warehouse is unreachable or unsuitable; the message names the server and what to do."""


@dataclass(frozen=True)
class Warehouse:
    """The database of one target."""

    settings: Settings

    def up(self, raw_schemas: Iterable[str]) -> None:
        """Start the embedded server if it is in use, then create roles, database and schemas. Safe to repeat."""
        if self.settings.is_embedded and not self.is_running():
            self._start()
        try:
            with self.connect(database="postgres", autocommit=True) as connection:
                roles.create_roles_and_database(connection, self.settings.database)
            with self.connect() as connection:
                roles.create_schemas(connection, raw_schemas)
        except psycopg2.errors.InsufficientPrivilege as error:
            raise WarehouseError(
                f"the warehouse's user cannot create roles and schemas ({str(error).splitlines()[0]}): run "
                "`marketloom up` once as a superuser, or as a user with CREATEROLE and CREATEDB who owns the database"
            ) from None

    def down(self) -> bool:
        """Stop the embedded server; False if it was not running. Never stops an external server."""
        if not self.settings.is_embedded:
            raise WarehouseError("PGHOST names a server that marketloom did not start: stop it by its own means")
        return embedded.stop(self.settings.warehouse_folder)

    def is_running(self) -> bool:
        """True if the server accepts connections, or says why it does not accept this one."""
        try:
            psycopg2.connect(**self.settings.connection(database="postgres")).close()
        except (psycopg2.Error, UnicodeError) as error:
            return is_up(str(error))
        return True

    def status(self) -> dict[str, str]:
        """Where the warehouse is and how large: place, version, database, size."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(
                "select current_setting('server_version'), pg_size_pretty(pg_database_size(current_database()))"
            )
            row = cursor.fetchone()
        version, size = row or ("?", "?")
        is_embedded = self.settings.is_embedded
        place = f"embedded, {self.settings.socket_folder}" if is_embedded else self.dsn(password=False)
        return {"place": place, "version": version, "database": self.settings.database, "size": size}

    def dsn(self, *, role: str | None = None, password: bool = True) -> str:
        """The address as a URL."""
        return self.settings.dsn(role=role, password=password)

    @contextmanager
    def connect(
        self, *, role: str | None = None, database: str | None = None, autocommit: bool = False
    ) -> Iterator[Connection]:
        """Open a connection; the block's end commits, an error rolls back."""
        try:
            connection = psycopg2.connect(**self.settings.connection(database=database, role=role))
        except (psycopg2.Error, UnicodeError) as error:
            raise WarehouseError(explained(self.settings, str(error))) from None
        connection.autocommit = autocommit
        try:
            with connection if not autocommit else nullcontext():
                yield connection
        finally:
            connection.close()

    def psql(self, arguments: list[str]) -> int:
        """Run psql on the database and return its exit status."""
        program = None if self.settings.is_embedded else shutil.which("psql")
        if not self.is_running():
            raise WarehouseError(explained(self.settings, "no server responds"))
        command = [str(program or embedded.program("psql")), "-d", self.settings.database, *arguments]
        with left_to_the_child():
            return subprocess.run(command, env=self.settings.subprocess_environment, check=False).returncode

    def _start(self) -> None:
        embedded.start(self.settings.warehouse_folder, self.is_running, self.settings.server_environment)
