"""What dlt loads into one raw schema: its tables, its state, and the answers that an iterator yields as Arrow tables.

PostgreSQL holds the truth about what was loaded, and each run begins from there. What is to be loaded is cut into
packages of a bounded number of rows, each a dlt pipeline's work in a folder of its own, with the state as it is after
its last answer: while one is loaded, the next is extracted. They are loaded in their order, and a folder is removed
when its package has been; whatever stands there when a run begins is finished first.
"""

import gc
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from copy import deepcopy
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

import dlt
import orjson
import pyarrow as pa
from dlt.common.libs.pyarrow import normalize_py_arrow_item, py_arrow_to_table_schema_columns
from dlt.common.schema import Schema
from dlt.common.schema.utils import dlt_load_id_column, new_table
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.pipeline.state_sync import decompress_state
from psycopg2 import sql

from ingestion.config import Settings
from ingestion.errors import MarketloomError
from ingestion.load import ops
from ingestion.load.destination import LEDGER, warehouse_at
from ingestion.load.parquet_files import gathered, handed_over
from ingestion.model import Source, Table
from ingestion.sources import SOURCES
from ingestion.warehouse import server as warehouse
from ingestion.warehouse.roles import LOADER, OPS_SCHEMA

State = dict[str, Any]
Columns = dict[str, dict[str, str]]
Rows = Iterable[list[tuple[str, pa.Table]]]  # the tables of an answer, by name
ROWS_PER_PACKAGE = 524_288  # four pieces of a bulk file
LOADED = ".loaded"
ORIGIN = pa.schema(
    [
        pa.field("_row_number", pa.int64()),
        pa.field("_response_id", pa.string()),
        pa.field("_received_at", pa.timestamp("us", tz="UTC")),
    ]
)
CONTRACT: Any = {"tables": "freeze", "columns": "evolve", "data_type": "freeze"}


class LoadError(MarketloomError):
    """The warehouse refused a load; what was extracted is kept and the next run tries it again."""


class RawSchema:
    """The raw tables of one writer: `raw_<source>`, or `raw_ops` with one writer per source."""

    def __init__(self, settings: Settings, writer: str, schema: str, tables: tuple[Table, ...]) -> None:
        self.settings, self.writer, self.schema, self.tables = settings, writer, schema, tables
        self.folder = settings.work_folder / "packages" / writer

    def create(self) -> None:
        """Create the tables that do not exist yet, empty, with an index that finds the rows of a load."""
        destination = warehouse_at(self.settings.dsn(role=LOADER))
        initial = destination.spec()._bind_dataset_name(dataset_name=self.schema)
        with destination.client(Schema.from_stored_schema(self._declared().to_dict()), initial) as client:
            client.initialize_storage()
            client.update_stored_schema()
        with warehouse.connect(self.settings, role=LOADER) as connection, connection.cursor() as cursor:
            for table in self.tables:
                self._describe(cursor, table)

    def finish_pending(self) -> bool:
        """Load what a killed run left on its way; True if there was anything. Leaves a clean local folder."""
        for done in self.folder.glob(f"*{LOADED}"):
            shutil.rmtree(done)
        folders = sorted(self.folder.iterdir()) if self.folder.exists() else []
        return sum(self._finish(folder) for folder in folders) > 0

    def state(self) -> State:
        """What the warehouse says was loaded: this writer's part of dlt's state."""
        return self._stored()[0]

    def known_columns(self) -> Columns:
        """dlt data type per column and table, as they stand in the warehouse (columns a provider added included)."""
        return {
            name: {column: str(hints.get("data_type", "text")) for column, hints in table["columns"].items()}
            for name, table in self._stored()[1].tables.items()
        }

    def load(self, rows: Callable[[State], Rows]) -> None:
        """Load what `rows` yields, an answer's tables at a time, and what it has written into the state by then.

        Rows and state of a package arrive together or not at all. Without a row there is no package, and the state
        stays as it was: the log is read again from there.
        """
        state, schema = self._stored()
        answers = iter(rows(state))
        loading: Future[bool] | None = None
        with ThreadPoolExecutor(1, thread_name_prefix="loading") as thread:
            for number in count():
                first = next((tables for tables in answers if tables), None)
                if first is None:
                    break
                folder = self.folder / f"{number:06}"
                schema = self._extract(folder, chain([first], answers), state, schema)
                # dlt's pipelines hold their rows in cycles, of which Python would let many gather.
                gc.collect(1)
                if loading:
                    loading.result()
                loading = thread.submit(self._finish, folder)
            if loading:
                loading.result()

    def _extract(self, folder: Path, answers: Rows, state: State, schema: Schema) -> Schema:
        """Make a package of the next answers; the schema as it is after them."""
        pipeline = self._pipeline(folder)

        def tables() -> Iterator[tuple[str, pa.Table]]:
            room = ROWS_PER_PACKAGE
            for answer in answers:
                yield from answer
                room -= sum(table.num_rows for _, table in answer)
                if room <= 0:
                    break

        @dlt.resource(name="landed", write_disposition="append")
        def landed() -> Iterator[Any]:
            for name, table in gathered(tables()):
                columns = schema.get_table_columns(name)
                shaped = normalize_py_arrow_item(table, columns, schema.naming, pipeline.destination.capabilities())
                yield handed_over(shaped, name, folder / "rows")
            dlt.current.source_state().update(deepcopy(state))

        @dlt.source(section=self.writer, schema=schema)
        def source() -> Any:
            return landed

        self._step(lambda: pipeline.extract(source(), loader_file_format="parquet", schema_contract=CONTRACT))
        return pipeline.default_schema

    def _finish(self, folder: Path) -> bool:
        """Load the package in a folder, if one was made, and remove the folder; True if there was one."""
        pipeline = self._pipeline(folder)
        pending = pipeline.has_pending_data
        if pending:
            self._step(pipeline.normalize)
            self._step(pipeline.load)
        done = folder.with_suffix(LOADED)  # a folder that was removed in part only is no package any more
        folder.rename(done)
        shutil.rmtree(done)
        return pending

    def _stored(self) -> tuple[State, Schema]:
        """The state of the last finished load, and the tables as they were then, as dlt keeps them in the warehouse."""
        declared = self._declared()
        with warehouse.connect(self.settings, role=LOADER) as connection, connection.cursor() as cursor:
            states, loads, versions = (
                sql.Identifier(self.schema, name) for name in ("_dlt_pipeline_state", "_dlt_loads", "_dlt_version")
            )
            if not _stands(cursor, self.schema, "_dlt_pipeline_state"):
                return {}, declared
            query = sql.SQL(
                "select (select state from {} as states join {} as loads on loads.load_id = states._dlt_load_id "
                "where pipeline_name = %(writer)s and status = 0 order by load_id desc limit 1), "
                "(select schema from {} where schema_name = %(writer)s order by inserted_at desc limit 1)"
            )
            cursor.execute(query.format(states, loads, versions), {"writer": self.writer})
            state, schema = cursor.fetchone() or (None, None)
        if schema:
            stored = Schema.from_stored_schema(orjson.loads(schema))
            stored.update_schema(declared)
            declared = stored
        sources: Any = decompress_state(state).get("sources", {}) if state else {}
        return dict(sources.get(self.writer, {})), declared

    def counts(self, after: str) -> dict[str, int]:
        """Rows per table in the loads after the load id `after`, as the warehouse counted them when it copied them."""
        query = sql.SQL(
            "select split_part(file_name, '.', 1), sum(row_count)::bigint from {} where load_id > %s group by 1"
        ).format(sql.Identifier(self.schema, LEDGER))
        with warehouse.connect(self.settings, role=LOADER) as connection, connection.cursor() as cursor:
            cursor.execute(query, (after,))
            found = dict(cursor.fetchall())
        return {table.name: found.get(table.name) or 0 for table in self.tables}

    def last_load(self) -> str:
        """The id of the newest finished load, "" if there is none. Ids sort by the time the load began."""
        query = sql.SQL("select coalesce(max(load_id), '') from {} where status = 0 and schema_name = %s")
        with warehouse.connect(self.settings, role=LOADER) as connection, connection.cursor() as cursor:
            cursor.execute(query.format(sql.Identifier(self.schema, "_dlt_loads")), (self.writer,))
            row = cursor.fetchone()
        return str(row[0]) if row else ""

    def _declared(self) -> Schema:
        schema = Schema(self.writer)
        for table in self.tables:
            columns = py_arrow_to_table_schema_columns(pa.schema([*table.schema, *ORIGIN]))
            for field in table.schema:
                if field.metadata and b"description" in field.metadata:
                    columns[field.name]["description"] = field.metadata[b"description"].decode()
            hints = new_table(table.name, write_disposition="append", columns=[*columns.values(), dlt_load_id_column()])
            schema.update_table({**hints, "description": table.description})
        return schema

    def _pipeline(self, folder: Path) -> dlt.Pipeline:
        return dlt.pipeline(
            pipeline_name=self.writer,
            pipelines_dir=str(folder),
            destination=warehouse_at(self.settings.dsn(role=LOADER)),
            dataset_name=self.schema,
        )

    def _step(self, run: Callable[[], Any]) -> Any:
        try:
            return run()
        except PipelineStepFailed as failure:
            cause = failure.exception or failure
            if told := _told_by_us(failure):
                raise told from failure
            raise LoadError(
                f"{self.schema}: dlt's {failure.step} failed: {str(cause).strip().splitlines()[0]}; "
                "what was received is kept, run again once the cause is gone"
            ) from failure

    def _describe(self, cursor: Any, table: Table) -> None:
        place = sql.Identifier(self.schema, table.name)
        index = sql.Identifier(f"{table.name}__dlt_load_id")
        cursor.execute(sql.SQL("create index if not exists {} on {} using brin (_dlt_load_id)").format(index, place))
        cursor.execute(sql.SQL("comment on table {} is {}").format(place, sql.Literal(table.description)))
        for field in table.schema:
            text = (field.metadata or {}).get(b"description", b"").decode()
            column = sql.Identifier(self.schema, table.name, field.name)
            cursor.execute(sql.SQL("comment on column {} is {}").format(column, sql.Literal(text)))


def _told_by_us(failure: BaseException) -> MarketloomError | None:
    """The error that marketloom itself raised while dlt was extracting, if that is what made it fail."""
    cause: BaseException | None = failure
    while cause is not None and not isinstance(cause, MarketloomError):
        cause = cause.__cause__
    return cause


def of_source(settings: Settings, source: Source) -> RawSchema:
    """The raw schema that a source's rows go to."""
    return RawSchema(settings, source.name, f"raw_{source.name}", source.tables)


def of_ops(settings: Settings, source: Source) -> RawSchema:
    """The raw_ops tables, as written for one source."""
    return RawSchema(settings, f"ops_{source.name}", OPS_SCHEMA, ops.TABLES)


def schemas() -> tuple[str, ...]:
    """The schemas that ingestion writes: one per source, and one for its own records."""
    return (*(f"raw_{name}" for name in SOURCES), OPS_SCHEMA)


def prepare(settings: Settings, sources: Iterable[Source]) -> None:
    """The tables of these sources, and of their records in raw_ops, made where they do not stand yet."""
    with warehouse.connect(settings, role=LOADER) as connection, connection.cursor() as cursor:
        query = (
            "select table_schema, table_name from information_schema.tables where table_schema like 'raw\\_%%' "
            "and table_name <> %(ledger)s union all select table_schema, table_name from information_schema.columns "
            "where (table_name, column_name) = (%(ledger)s, 'row_count')"
        )
        cursor.execute(query, {"ledger": LEDGER})
        found = set(cursor.fetchall())
    for schema in (made(settings, source) for source in sources for made in (of_source, of_ops)):
        names = [*(table.name for table in schema.tables), "_dlt_loads", LEDGER]
        if not {(schema.schema, name) for name in names} <= found:
            schema.create()


def last_loaded_at(settings: Settings) -> datetime | None:
    """When the last load that brought rows finished; None if there is none.

    Requests alone do not count: those that brought no rows appear in the marts with the next build.
    """
    tables = {f"raw_{source.name}": [table.name for table in source.tables] for source in SOURCES.values()}
    newest: list[datetime] = []
    with warehouse.connect(settings, role=LOADER) as connection, connection.cursor() as cursor:
        for schema, names in {**tables, OPS_SCHEMA: [ops.QUARANTINE.name]}.items():
            query = sql.SQL(
                "select max(inserted_at) from {} as loads where status = 0 and exists (select from {} as files "
                "where files.load_id = loads.load_id and split_part(file_name, '.', 1) = any(%s))"
            )
            places = (sql.Identifier(schema, name) for name in ("_dlt_loads", LEDGER))
            cursor.execute(query.format(*places), (names,))
            newest += [moment for (moment,) in cursor.fetchall() if moment]
    return max(newest, default=None)


def empty(settings: Settings, source: Source) -> None:
    """Forget a source: its raw rows, its records in raw_ops, its state. Landing is not touched. One transaction."""
    raw, own = of_source(settings, source), of_ops(settings, source)
    with warehouse.connect(settings, role=LOADER) as connection, connection.cursor() as cursor:
        dlt_tables = ("_dlt_loads", "_dlt_pipeline_state", LEDGER)
        names = [*(table.name for table in raw.tables), *dlt_tables]
        for name in names:
            if _stands(cursor, raw.schema, name):
                cursor.execute(sql.SQL("truncate table {}").format(sql.Identifier(raw.schema, name)))
        for table in ops.TABLES:
            place = sql.Identifier(own.schema, table.name)
            cursor.execute(sql.SQL("delete from {} where source = %s").format(place), (source.name,))
        for name, column in (("_dlt_pipeline_state", "pipeline_name"), ("_dlt_loads", "schema_name")):
            if _stands(cursor, own.schema, name):
                delete = sql.SQL("delete from {} where {} = %s")
                place = sql.Identifier(own.schema, name)
                cursor.execute(delete.format(place, sql.Identifier(column)), (own.writer,))
    for schema in (raw, own):
        shutil.rmtree(schema.folder, ignore_errors=True)


def _stands(cursor: Any, schema: str, name: str) -> bool:
    cursor.execute(
        "select 1 from information_schema.tables where (table_schema, table_name) = (%s, %s)", (schema, name)
    )
    return cursor.fetchone() is not None
