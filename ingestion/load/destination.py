"""dlt's Postgres destination, with each file loaded exactly once.

dlt by itself loads a file at least once: killed between the commit of a COPY and the note that the job is done, it
copies the file again. Here the file's name is written in the very transaction that copies its rows, with their number,
so a file that was committed is known as such and skipped. Parquet is streamed as binary COPY.
"""

from functools import lru_cache
from typing import Any

import dlt
from dlt.common.configuration import configspec
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import HasFollowupJobs, LoadJob, PreparedTableSchema, RunnableLoadJob
from dlt.common.schema.typing import C_DLT_LOAD_ID
from dlt.common.storages.load_storage import ParsedLoadJobFileName
from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration, PostgresCredentials
from dlt.destinations.impl.postgres.postgres import PostgresClient
from dlt.destinations.insert_job_client import InsertValuesLoadJob
from psycopg2.extensions import make_dsn, parse_dsn
from pyarrow import parquet

from ingestion.load.binary_copy import Stream

LEDGER = "_loaded_files"
ROWS_PER_BATCH = 32_768


class CopyOnceJob(RunnableLoadJob, HasFollowupJobs):
    """Copies one Parquet file into its table, adds the load id, and notes the file's name, in one transaction."""

    def run(self) -> None:
        client: Any = self._job_client
        names = client.sql_client.make_qualified_table_name
        with client.sql_client.begin_transaction():
            if _is_new(client, self._load_id, self._file_name):
                with parquet.ParquetFile(self._file_path, pre_buffer=False) as file:
                    rows = self._copy(file, names(self.load_table_name))
                count = f"update {names(LEDGER)} set row_count = %s where (load_id, file_name) = (%s, %s)"  # noqa: S608  # our own name
                client.sql_client.execute_sql(count, rows, self._load_id, _name_of(self._file_name))

    def _copy(self, file: parquet.ParquetFile, table: str) -> int:
        """Stream the rows as binary COPY; how many there are."""
        client: Any = self._job_client
        columns = file.schema_arrow.names
        constants = {} if C_DLT_LOAD_ID in columns else {C_DLT_LOAD_ID: self._load_id}
        stream = Stream(file.iter_batches(ROWS_PER_BATCH, use_threads=False), constants)
        quoted = ", ".join(map(client.sql_client.escape_column_name, [*columns, *constants]))
        with client.sql_client.native_connection.cursor() as cursor:
            cursor.copy_expert(f"copy {table} ({quoted}) from stdin (format binary)", stream)
        return stream.rows


class InsertOnceJob(InsertValuesLoadJob):
    """The same for what dlt writes as INSERT statements, its own state: repeated, it would break a unique key."""

    def run(self) -> None:
        client = self._sql_client = self._job_client.sql_client
        with client.begin_transaction():
            if _is_new(self._job_client, self._load_id, self._file_name):
                table = client.make_qualified_table_name(self.load_table_name)
                for fragments in self._insert(table, self._file_path):
                    client.execute_fragments(fragments)


def _is_new(client: Any, load_id: str, file_name: str) -> bool:
    """Note a file's name in the transaction that loads it; False if it was noted before, and so loaded."""
    ledger = client.sql_client.make_qualified_table_name(LEDGER)
    note = f"insert into {ledger} (load_id, file_name) values (%s, %s)"  # noqa: S608  # our own name
    note += " on conflict do nothing returning file_name"
    return bool(client.sql_client.execute_sql(note, load_id, _name_of(file_name)))


def _name_of(file_name: str) -> str:
    return str(ParsedLoadJobFileName.parse(file_name).job_id())


class ExactlyOnceClient(PostgresClient):
    """dlt's client with jobs that run once, and a completion note that is safe to repeat."""

    def initialize_storage(self, truncate_tables: Any = None) -> None:
        super().initialize_storage(truncate_tables)
        self._create_ledger()

    def create_load_job(
        self, table: PreparedTableSchema, file_path: str, load_id: str, restore: bool = False
    ) -> LoadJob:
        once = {"parquet": CopyOnceJob, "insert_values": InsertOnceJob}
        job = once.get(ParsedLoadJobFileName.parse(file_path).file_format)
        if job is not None:
            return job(file_path)
        return super().create_load_job(table, file_path, load_id, restore)

    def complete_load(self, load_id: str) -> None:
        loads = self.sql_client.make_qualified_table_name(self.schema.loads_table_name)
        found = self.sql_client.execute_sql(f"select 1 from {loads} where load_id = %s", load_id)  # noqa: S608  # its own name
        if not found:
            super().complete_load(load_id)

    def _create_ledger(self) -> None:
        ledger = self.sql_client.make_qualified_table_name(LEDGER)
        self.sql_client.execute_sql(
            f"create table if not exists {ledger} "
            "(load_id text, file_name text, row_count bigint, primary key (load_id, file_name))"
        )
        self.sql_client.execute_sql(f"alter table {ledger} add column if not exists row_count bigint")


@configspec(init=False)
class Address(PostgresCredentials):
    """An address as libpq reads and writes it; dlt would import SQLAlchemy for that, where it is installed."""

    def parse_native_representation(self, native_value: str) -> None:
        found = {"password": "", **parse_dsn(native_value)}  # dlt asks for one even where none is needed
        names = {"host": "host", "port": "port", "username": "user", "password": "password", "database": "dbname"}
        self.update({ours: found[theirs] for ours, theirs in names.items() if theirs in found})
        self.port = int(self.port)
        self.query = {"options": found["options"]} if "options" in found else {}

    def to_native_representation(self) -> str:
        named = {"user": self.username, "password": self.password, "dbname": self.database}
        return str(make_dsn(host=self.host, port=self.port, **named, **self.get_query()))

    def __str__(self) -> str:
        return str(self.data_location())


@configspec
class AddressedConfiguration(PostgresClientConfiguration):
    """dlt's configuration of the destination, with such an address."""

    credentials: Address = None  # type: ignore[assignment]  # as dlt writes it


class exactly_once_postgres(dlt.destinations.postgres):  # noqa: N801  # dlt names destinations in lower case
    """`dlt.destinations.postgres` whose loads survive kill -9 at any moment without losing or doubling a row."""

    spec = AddressedConfiguration  # type: ignore[assignment]  # as its type is told there

    @property
    def client_class(self) -> type[PostgresClient]:
        return ExactlyOnceClient

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        # It refuses Parquet where ADBC is not installed, which we do not need.
        capabilities.loader_file_format_selector = None  # type: ignore[assignment]  # as dlt has it by default
        return capabilities

    def configuration(self, initial_config: Any, accept_partial: bool = False) -> Any:
        """Resolved once: dlt asks some sixty times a run, and would look for each setting in every place each time."""
        known = self.__dict__.setdefault("_known", {})
        asked = {name: getattr(initial_config, name, None) for name in ("dataset_name", "default_schema_name")}
        place = (accept_partial, *asked.values())
        if place not in known:
            known[place] = super().configuration(initial_config, accept_partial)
        return known[place].copy()


@lru_cache(maxsize=8)
def warehouse_at(dsn: str) -> exactly_once_postgres:
    """The destination at an address."""
    return exactly_once_postgres(credentials=dsn)
