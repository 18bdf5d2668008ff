"""A lock for each source, so that two runs of one source never overlap."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from zlib import crc32

import psycopg2

from ingestion.errors import MarketloomError
from ingestion.warehouse.server import Warehouse

# The server notices a killed run a moment later, when it next looks at the connection.
PATIENCE = timedelta(seconds=3)


class AlreadyRunning(MarketloomError):
    """Another run of the same source is in progress on the same warehouse."""


@contextmanager
def locked(warehouse: Warehouse, source: str) -> Iterator[None]:
    """Hold the lock of a source. The lock is in the warehouse and ends with the connection.

    Raises AlreadyRunning if another process holds it for longer than `PATIENCE`.
    """
    lock = (crc32(f"marketloom {source}".encode()),)
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", (f"{PATIENCE.total_seconds():.0f}s",))
        try:
            cursor.execute("select pg_advisory_lock(%s)", lock)
        except psycopg2.errors.LockNotAvailable as error:
            raise AlreadyRunning(
                f"another run of {source} is in progress on {warehouse.settings.database}: let it finish first"
            ) from error
        connection.commit()
        try:
            yield
        finally:
            # Closing the connection releases the lock too, but only some time later.
            with suppress(psycopg2.Error):
                cursor.execute("select pg_advisory_unlock(%s)", lock)
