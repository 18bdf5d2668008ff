"""dlt's Postgres destination, with each file loaded exactly once.

dlt by itself loads a file at least once: killed between the commit of a COPY and the note that the job is done, it
copies the file again. Here the file's name is written in the very transaction that copies its rows, with their number,
so a file that was committed is known as such and skipped. Parquet goes through ADBC, which streams it as binary COPY.
"""

from typing import Any

import dlt
import pyarrow as pa
from adbc_driver_manager import dbapi
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
        with (
            dbapi.connect(driver=get_adbc_driver_location(), db_kwargs={"uri": uri}) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(
                f'insert into "{schema}"."{LEDGER}" (load_id, file_name) values ($1, $2)'  # noqa: S608  # our own name
                " on conflict do nothing returning file_name",
                (self._load_id, name),
            )
            if cursor.fetchone() is not None:
                pa.default_memory_pool().release_unused()
                with parquet.ParquetFile(self._file_path, pre_buffer=False) as file:
                    batches = file.iter_batches(batch_size=ROWS_PER_BATCH)
                    rows = cursor.adbc_ingest(self.load_table_name, batches, mode="append", db_schema_name=schema)
                cursor.execute(
                    f'update "{schema}"."{LEDGER}" set row_count = $3 '  # noqa: S608  # our own name
                    "where load_id = $1 and file_name = $2",
                    (self._load_id, name, rows),
                )
            connection.commit()


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
