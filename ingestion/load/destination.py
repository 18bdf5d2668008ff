"""dlt's Postgres destination, with each file loaded exactly once.

dlt by itself loads a file at least once: killed between the commit of a COPY and the record that the job is done, it
copies the file again. Here the transaction that copies a file's rows also records the file's name and number of rows,
so a committed file is skipped. Parquet is streamed as binary COPY.

This is the only module that uses parts of dlt outside its documented API. CHECKED_WITH is the version they were
checked with; a test compares it with the installed one.
"""

from functools import lru_cache
from typing import Any

import dlt
from dlt.common.data_writers.buffered import BufferedDataWriter
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import HasFollowupJobs, LoadJob, PreparedTableSchema, RunnableLoadJob
from dlt.common.storages import data_item_storage
from dlt.common.storages.load_storage import ParsedLoadJobFileName
from dlt.destinations.impl.postgres.postgres import PostgresClient
from dlt.destinations.insert_job_client import InsertValuesLoadJob
from dlt.pipeline.state_sync import decompress_state
from pyarrow import parquet

from ingestion.load.binary_copy import Stream

CHECKED_WITH = "1.31"
LOADED_FILES = "_loaded_files"
LOAD_ID = "_dlt_load_id"
ROWS_PER_BATCH = 32_768


class _Writer(BufferedDataWriter[Any]):
    """dlt's writer, for folders of any name: dlt puts a file's id into its path with the operator %."""

    def __init__(self, writer_spec: Any, file_name_template: str, **options: Any) -> None:
        folder, slash, name = file_name_template.rpartition("/")
        super().__init__(writer_spec, folder.replace("%", "%%") + slash + name, **options)


setattr(data_item_storage, "BufferedDataWriter", _Writer)  # noqa: B010  # dlt's own classes create it by this name


class CopyOnceJob(RunnableLoadJob, HasFollowupJobs):
    """Copies one Parquet file into its table, adds the load id, and records the file, in one transaction."""

    def run(self) -> None:
        client: Any = self._job_client
        names = client.sql_client.make_qualified_table_name
        with client.sql_client.begin_transaction():
            if _record_file(client, self._load_id, self._file_name):
                with parquet.ParquetFile(self._file_path, pre_buffer=False) as file:
                    rows = self._copy(file, names(self.load_table_name))
                count = f"update {names(LOADED_FILES)} set row_count = %s where (load_id, file_name) = (%s, %s)"  # noqa: S608  # our own name
                client.sql_client.execute_sql(count, rows, self._load_id, _name_of(self._file_name))

    def _copy(self, file: parquet.ParquetFile, table: str) -> int:
        """Stream the rows as binary COPY and return their number."""
        client: Any = self._job_client
        columns = file.schema_arrow.names
        constants = {} if LOAD_ID in columns else {LOAD_ID: self._load_id}
        stream = Stream(file.iter_batches(ROWS_PER_BATCH, use_threads=False), constants)
        quoted = ", ".join(map(client.sql_client.escape_column_name, [*columns, *constants]))
        with client.sql_client.native_connection.cursor() as cursor:
            cursor.copy_expert(f"copy {table} ({quoted}) from stdin (format binary)", stream)
        return stream.rows


class InsertOnceJob(InsertValuesLoadJob):
    """The same for dlt's own state, which it writes as INSERT statements: repeated, they would break a unique key."""

    def run(self) -> None:
        client = self._sql_client = self._job_client.sql_client
        with client.begin_transaction():
            if _record_file(self._job_client, self._load_id, self._file_name):
                table = client.make_qualified_table_name(self.load_table_name)
                for fragments in self._insert(table, self._file_path):
                    client.execute_fragments(fragments)


def _record_file(client: Any, load_id: str, file_name: str) -> bool:
    """Record a file in the transaction that loads it; False if it is recorded already, and so loaded."""
    table = client.sql_client.make_qualified_table_name(LOADED_FILES)
    insert = f"insert into {table} (load_id, file_name) values (%s, %s)"  # noqa: S608  # our own name
    insert += " on conflict do nothing returning file_name"
    return bool(client.sql_client.execute_sql(insert, load_id, _name_of(file_name)))


def _name_of(file_name: str) -> str:
    return str(ParsedLoadJobFileName.parse(file_name).job_id())


class ExactlyOnceClient(PostgresClient):
    """dlt's client, with jobs that run once and a record of completion that is safe to repeat."""

    def initialize_storage(self, truncate_tables: Any = None) -> None:
        super().initialize_storage(truncate_tables)
        table = self.sql_client.make_qualified_table_name(LOADED_FILES)
        self.sql_client.execute_sql(
            f"create table if not exists {table} "
            "(load_id text, file_name text, row_count bigint, primary key (load_id, file_name))"
        )
        # Warehouses of the first versions do not count the rows.
        self.sql_client.execute_sql(f"alter table {table} add column if not exists row_count bigint")

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


class exactly_once_postgres(dlt.destinations.postgres):  # noqa: N801  # dlt names destinations in lower case
    """`dlt.destinations.postgres` whose loads survive kill -9 at any moment without losing or doubling a row."""

    @property
    def client_class(self) -> type[PostgresClient]:
        return ExactlyOnceClient

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        # It rejects Parquet where ADBC is not installed, which we do not need.
        capabilities.loader_file_format_selector = None  # type: ignore[assignment]  # as dlt has it by default
        return capabilities

    def configuration(self, initial_config: Any, accept_partial: bool = False) -> Any:
        """Resolve each configuration once: dlt asks some sixty times a run, which costs a second for each schema."""
        known = self.__dict__.setdefault("_known", {})
        asked = {name: getattr(initial_config, name, None) for name in ("dataset_name", "default_schema_name")}
        key = (accept_partial, *asked.values())
        if key not in known:
            known[key] = super().configuration(initial_config, accept_partial)
        return known[key].copy()


@lru_cache(maxsize=8)
def warehouse_at(dsn: str) -> exactly_once_postgres:
    """The destination at an address."""
    return exactly_once_postgres(credentials=dsn)


def create_tables(dsn: str, dataset: str, schema: dlt.Schema) -> None:
    """Create the tables of a schema that do not exist yet, and dlt's own. `Pipeline.sync_schema` needs a load first."""
    destination = warehouse_at(dsn)
    config = destination.spec()._bind_dataset_name(dataset_name=dataset)
    with destination.client(dlt.Schema.from_stored_schema(schema.to_dict()), config) as client:
        client.initialize_storage()
        client.update_stored_schema()


def discard_normalized(pipeline: dlt.Pipeline) -> None:
    """Delete the extracted packages that are normalized already.

    dlt renames the normalized package and then deletes the extracted one file by file. Killed in between, it would
    normalize a package again, or fail because files of it are missing.
    """
    normalized = pipeline.list_normalized_load_packages()
    for load_id in pipeline.list_extracted_load_packages():
        if load_id in normalized:
            pipeline._get_normalize_storage().extracted_packages.delete_package(load_id)


def source_state(stored: str, source: str) -> dict[str, Any]:
    """A source's state from the text in `_dlt_pipeline_state`.

    Reading that table costs a twentieth of `Pipeline.sync_destination`, and every run reads it for each schema.
    """
    sources: Any = decompress_state(stored).get("sources", {})
    return dict(sources.get(source, {}))
