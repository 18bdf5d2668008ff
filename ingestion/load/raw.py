"""Load Arrow tables into one raw schema with dlt.

PostgreSQL holds what was loaded; each run starts from there. Rows are cut into packages of a bounded number of rows.
Each package is a dlt pipeline in a folder of its own, and carries the state as of its last response: while one package
is loaded, the next is extracted. They are loaded in order, and a loaded package's folder is removed. A folder that
exists when a run starts is loaded first.
"""

import gc
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import Any

import dlt
import orjson
import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed
from psycopg2 import sql

from ingestion.errors import MarketloomError
from ingestion.load.destination import create_tables, discard_normalized, source_state, warehouse_at
from ingestion.load.parquet_files import RowFile, responses_in, write_files
from ingestion.load.tables import column_types, declared_schema, describe
from ingestion.model import Table
from ingestion.system_errors import explained, is_of_input
from ingestion.warehouse.roles import LOADER
from ingestion.warehouse.server import Warehouse

State = dict[str, Any]
Columns = dict[str, dict[str, pa.DataType]]
Rows = Iterator[list[tuple[str, pa.Table]]]  # the tables of a response, by name
ROWS_PER_PACKAGE = 524_288  # four pieces of a bulk file
LOADED = ".loaded"
CLOCK_TOLERANCE = timedelta(minutes=5)
CONTRACT: Any = {"tables": "freeze", "columns": "evolve", "data_type": "freeze"}


class LoadError(MarketloomError):
    """The warehouse rejected a load; the extracted rows are kept, and the next run loads them."""


class RawSchema:
    """The raw tables of one writer: `raw_<source>`, or `raw_ops` with one writer per source."""

    def __init__(
        self, warehouse: Warehouse, writer: str, schema: str, tables: tuple[Table, ...], packages: Path
    ) -> None:
        self.warehouse, self.writer, self.schema, self.tables = warehouse, writer, schema, tables
        self.folder = packages / writer

    def create(self) -> None:
        """Create the tables that do not exist yet, empty, with comments and an index by load."""
        create_tables(self.warehouse.dsn(role=LOADER), self.schema, declared_schema(self.writer, self.tables))
        with self.warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
            for table in self.tables:
                describe(cursor, self.schema, table)

    def finish_pending(self) -> bool:
        """Load the packages that an interrupted run left; True if there were any."""
        for done in self.folder.glob(f"*{LOADED}"):
            shutil.rmtree(done)
        folders = sorted(self.folder.iterdir()) if self.folder.exists() else []
        return sum(self._finish(folder) for folder in folders) > 0

    def state(self) -> State:
        """This writer's dlt state, as of the last finished load."""
        return self._stored()[0]

    def known_columns(self) -> Columns:
        """The Arrow type of each column by table in the warehouse, with the columns that a provider has added."""
        return column_types(self._stored()[1])

    def load(self, rows: Callable[[State], Rows]) -> None:
        """Load the tables that `rows` yields, a response at a time, with the state that it has written by then.

        The rows and the state of a package are loaded together or not at all. Without rows there is no package and
        the state stays as it is: the next run reads landing from the same place.
        """
        self._check_clock()
        state, schema = self._stored()
        responses = iter(rows(state))
        loading: Future[bool] | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="loading") as thread:
            for number in count():
                first = next((tables for tables in responses if tables), None)
                if first is None:
                    break
                folder = self.folder / f"{number:06}"
                schema = self._extract(folder, chain([first], responses), state, schema)
                # dlt's pipelines hold their rows in reference cycles, of which Python would let many pile up.
                gc.collect(1)
                if loading:
                    loading.result()
                loading = thread.submit(self._finish, folder)
            if loading:
                loading.result()

    def _extract(self, folder: Path, responses: Rows, state: State, schema: dlt.Schema) -> dlt.Schema:
        """Extract the next responses into a package; the schema as of its last response."""
        files = write_files(_up_to(ROWS_PER_PACKAGE, responses), folder / "rows")

        @dlt.source(section=self.writer, schema=schema)
        def source() -> Any:
            return [_resource(name, some, state) for name, some in files.items()]

        pipeline = self._pipeline(folder)
        extract = partial(pipeline.extract, source(), loader_file_format="parquet", schema_contract=CONTRACT)
        self._step(extract, folder)
        return pipeline.default_schema

    def _finish(self, folder: Path) -> bool:
        """Load the package in a folder, if there is one, and remove the folder; True if there was one."""
        pipeline = self._pipeline(folder)
        pending = pipeline.has_pending_data
        if pending:
            discard_normalized(pipeline)
            for step in (pipeline.normalize, pipeline.load):
                self._step(step, folder)
        done = folder.with_suffix(LOADED)  # a folder that is half removed must not look like a package
        folder.rename(done)
        shutil.rmtree(done)
        return pending

    def _check_clock(self) -> None:
        """Raise LoadError if the clock went back: dbt finds new loads by their times, and would miss this one."""
        query = sql.SQL("select max(inserted_at) from {} where schema_name = %s")
        with self.warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
            cursor.execute("select to_regclass(%s) is not null", (f"{self.schema}._dlt_loads",))
            if cursor.fetchone() != (True,):
                return
            cursor.execute(query.format(sql.Identifier(self.schema, "_dlt_loads")), (self.writer,))
            (last,) = cursor.fetchone() or (None,)
        if last and last > (now := datetime.now(UTC)) + CLOCK_TOLERANCE:
            source = self.writer.removeprefix("ops_")
            raise LoadError(
                f"{self.schema}: the last load finished at {last:%Y-%m-%d %H:%M} UTC, but this machine's clock says "
                f"{now:%Y-%m-%d %H:%M}: correct the clock; if it was ahead at that load, run "
                f"`marketloom replay {source}` and `dbt build --full-refresh`"
            )

    def _stored(self) -> tuple[State, dlt.Schema]:
        """The state and the schema of the last finished load, from the tables in which dlt keeps them."""
        declared = declared_schema(self.writer, self.tables)
        names = ("_dlt_pipeline_state", "_dlt_loads", "_dlt_version")
        with self.warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
            cursor.execute("select to_regclass(%s)", (f"{self.schema}.{names[0]}",))
            if cursor.fetchone() == (None,):
                return {}, declared
            query = sql.SQL(
                "select (select state from {} as states join {} as loads on loads.load_id = states._dlt_load_id "
                "where pipeline_name = %(writer)s and status = 0 order by load_id desc limit 1), "
                "(select schema from {} where schema_name = %(writer)s order by inserted_at desc limit 1)"
            )
            places = (sql.Identifier(self.schema, name) for name in names)
            cursor.execute(query.format(*places), {"writer": self.writer})
            state, schema = cursor.fetchone() or (None, None)
        if schema:
            stored = dlt.Schema.from_stored_schema(orjson.loads(schema))
            stored.update_schema(declared)
            declared = stored
        return source_state(state, self.writer) if state else {}, declared

    def _pipeline(self, folder: Path) -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=self.writer,
            pipelines_dir=str(folder),
            destination=warehouse_at(self.warehouse.dsn(role=LOADER)),
            dataset_name=self.schema,
        )

    def _step(self, run: Callable[[], Any], folder: Path) -> None:
        try:
            run()
        except PipelineStepFailed as failure:
            reason = explained(failure, (self.folder, Path(tempfile.gettempdir())))
            if reason is None:
                cause = str(failure.exception or failure).strip().splitlines()[0]
                reason = f"{cause}; the extracted rows are kept: run again once the cause is gone"
            if is_of_input(failure):
                source, responses = self.writer.removeprefix("ops_"), responses_in(folder / "rows")
                reason += f", or set the input aside with `marketloom set-aside {source} {responses}`"
            raise LoadError(f"{self.schema}: dlt's {failure.step} failed: {reason}") from failure


def _up_to(most: int, responses: Rows) -> Iterator[tuple[str, pa.Table]]:
    """The tables of the next responses, until they have `most` rows."""
    for tables in responses:
        yield from tables
        most -= sum(table.num_rows for _, table in tables)
        if most <= 0:
            return


def _resource(name: str, files: list[RowFile], state: State) -> Any:
    """The files of a table as a dlt resource, which also takes over the state."""

    def imported() -> Iterator[Any]:
        for file in files:
            yield dlt.mark.with_file_import(str(file.path), "parquet", file.rows, hints=file.schema.empty_table())
        dlt.current.source_state().update(deepcopy(state))

    return dlt.resource(imported, name=name, write_disposition="append")
