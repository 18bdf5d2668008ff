"""dlt's Postgres destination, with each file loaded exactly once.

dlt by itself loads a file at least once: killed between the commit of a COPY and the note that the job is done, it
copies the file again. Here the file's name is written in the very transaction that copies its rows, with their number,
so a file that was committed is known as such and skipped. Parquet goes through ADBC, which streams it as binary COPY.
"""

from contextlib import closing
from functools import lru_cache
from typing import Any

import dlt
import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcDatabase, AdbcStatement, StatementOptions
from dlt.common.destination.client import HasFollowupJobs, LoadJob, PreparedTableSchema, RunnableLoadJob
from dlt.common.storages.load_storage import ParsedLoadJobFileName
from dlt.destinations.impl.postgres.factory import get_adbc_driver_location
from dlt.destinations.impl.postgres.postgres import PostgresClient
from dlt.destinations.insert_job_client import InsertValuesLoadJob
from pyarrow import parquet

LEDGER = "_loaded_files"
ROWS_PER_BATCH = 32_768


class CopyOnceJob(RunnableLoadJob, HasFollowupJobs):
    """Copies one Parquet file into its table and notes its name, in one transaction."""

    def run(self) -> None:
        client: Any = self._job_client
        schema = client.sql_client.dataset_name
        name = ParsedLoadJobFileName.parse(self._file_name).job_id()
        uri = client.config.credentials.to_native_representation()
        known = pa.record_batch({"load_id": [self._load_id], "file_name": [name]})
        ledger = f'"{schema}"."{LEDGER}"'
        note = f"insert into {ledger} (load_id, file_name) values ($1, $2) "  # noqa: S608  # our own name
        note += "on conflict do nothing returning 1"
        count = f"update {ledger} set row_count = $3 where load_id = $1 and file_name = $2"  # noqa: S608  # our own name
        # ADBC's own interface in C: the one that wraps it for Python imports pandas, and takes a stream as a table.
        with (
            closing(AdbcDatabase(driver=get_adbc_driver_location(), uri=uri)) as database,
            closing(AdbcConnection(database)) as connection,
        ):
            connection.set_autocommit(False)
            if _rows_of(connection, note, known):
                pa.default_memory_pool().release_unused()
                rows = _copy(connection, schema, self.load_table_name, self._file_path)
                _rows_of(connection, count, known.append_column("row_count", pa.array([rows])))
            connection.commit()


def _copy(connection: AdbcConnection, schema: str, table: str, path: str) -> int:
    """Stream a Parquet file into a table as binary COPY; the number of rows."""
    with closing(AdbcStatement(connection)) as statement, parquet.ParquetFile(path, pre_buffer=False) as file:
        mode, target = "adbc.ingest.mode.append", {StatementOptions.INGEST_TARGET_DB_SCHEMA.value: schema}
        statement.set_options(**{"adbc.ingest.target_table": table, "adbc.ingest.mode": mode, **target})
        batches = file.iter_batches(batch_size=ROWS_PER_BATCH, use_threads=False)
        statement.bind_stream(pa.RecordBatchReader.from_batches(file.schema_arrow, batches).__arrow_c_stream__())
        return int(statement.execute_update())


def _rows_of(connection: AdbcConnection, query: str, parameters: pa.RecordBatch) -> int:
    """Run a statement with one row of parameters; how many rows it gives."""
    with closing(AdbcStatement(connection)) as statement:
        statement.set_sql_query(query)
        statement.prepare()
        kinds, array = parameters.__arrow_c_array__()
        statement.bind(array, kinds)
        stream, _ = statement.execute_query()
        return pa.RecordBatchReader._import_from_c(stream.address).read_all().num_rows


class InsertOnceJob(InsertValuesLoadJob):
    """The same for what dlt writes as INSERT statements, its own state: repeated, it would break a unique key."""

    def run(self) -> None:
        client = self._sql_client = self._job_client.sql_client
        ledger = client.make_qualified_table_name(LEDGER)
        name = ParsedLoadJobFileName.parse(self._file_name).job_id()
        note = f"insert into {ledger} (load_id, file_name) values (%s, %s)"  # noqa: S608  # our own name
        with client.begin_transaction():
            if client.execute_sql(f"{note} on conflict do nothing returning file_name", self._load_id, name):
                table = client.make_qualified_table_name(self.load_table_name)
                for fragments in self._insert(table, self._file_path):
                    client.execute_fragments(fragments)


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


class exactly_once_postgres(dlt.destinations.postgres):  # noqa: N801  # dlt names destinations in lower case
    """`dlt.destinations.postgres` whose loads survive kill -9 at any moment without losing or doubling a row."""

    @property
    def client_class(self) -> type[PostgresClient]:
        return ExactlyOnceClient

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
