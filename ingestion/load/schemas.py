"""The raw schemas of all sources: create and empty them, and count what was loaded into them."""

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from psycopg2 import sql

from ingestion.load import ops
from ingestion.load.destination import LOADED_FILES
from ingestion.load.raw import RawSchema
from ingestion.model import Source
from ingestion.warehouse.roles import LOADER, OPS_SCHEMA
from ingestion.warehouse.server import Warehouse


def names(sources: Iterable[Source]) -> tuple[str, ...]:
    """The schemas that ingestion writes: one per source, and one for its own records."""
    return (*(f"raw_{source.name}" for source in sources), OPS_SCHEMA)


def of_source(warehouse: Warehouse, source: Source, packages: Path) -> RawSchema:
    """The raw schema of a source's rows. `packages` is the folder for packages on their way."""
    return RawSchema(warehouse, source.name, f"raw_{source.name}", source.tables, packages)


def of_ops(warehouse: Warehouse, source: Source, packages: Path) -> RawSchema:
    """The raw_ops tables, as written for one source."""
    return RawSchema(warehouse, f"ops_{source.name}", OPS_SCHEMA, ops.TABLES, packages)


def create_missing(warehouse: Warehouse, sources: Iterable[Source], packages: Path) -> None:
    """Create the raw tables of these sources, and their raw_ops tables, where they do not exist yet."""
    with warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
        query = (
            "select table_schema, table_name from information_schema.tables where table_schema like 'raw\\_%%' "
            "and table_name <> %(files)s union all select table_schema, table_name from information_schema.columns "
            "where (table_name, column_name) = (%(files)s, 'row_count')"
        )
        cursor.execute(query, {"files": LOADED_FILES})
        existing = set(cursor.fetchall())
    for schema in (make(warehouse, source, packages) for source in sources for make in (of_source, of_ops)):
        wanted = [*(table.name for table in schema.tables), "_dlt_loads", LOADED_FILES]
        if not {(schema.schema, name) for name in wanted} <= existing:
            schema.create()


def empty(raw: RawSchema, own: RawSchema, source: Source) -> None:
    """Delete a source's raw rows, its records in raw_ops and its state, in one transaction. Landing is not touched."""
    with raw.warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
        cursor.execute("select table_schema, table_name from information_schema.tables where table_schema like 'raw%'")
        existing = set(cursor.fetchall())
        for name in (*(table.name for table in raw.tables), "_dlt_loads", "_dlt_pipeline_state", LOADED_FILES):
            if (raw.schema, name) in existing:
                cursor.execute(sql.SQL("truncate table {}").format(sql.Identifier(raw.schema, name)))
        delete = sql.SQL("delete from {} where {} = %s")
        records = [(table.name, "source", source.name) for table in own.tables]
        state = [("_dlt_pipeline_state", "pipeline_name", own.writer), ("_dlt_loads", "schema_name", own.writer)]
        for name, column, value in (*records, *state):
            if (own.schema, name) in existing:
                cursor.execute(delete.format(sql.Identifier(own.schema, name), sql.Identifier(column)), (value,))
    for schema in (raw, own):
        shutil.rmtree(schema.folder, ignore_errors=True)


def rows_loaded(raw: RawSchema, after: str) -> dict[str, int]:
    """Rows per table in the loads after the load id `after`, as counted when they were copied."""
    query = sql.SQL(
        "select split_part(file_name, '.', 1), sum(row_count)::bigint from {} where load_id > %s group by 1"
    ).format(sql.Identifier(raw.schema, LOADED_FILES))
    with raw.warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(query, (after,))
        found = dict(cursor.fetchall())
    return {table.name: found.get(table.name) or 0 for table in raw.tables}


def last_load_id(raw: RawSchema) -> str:
    """The id of the last finished load, "" if there is none. Ids sort by the time the load started."""
    query = sql.SQL("select coalesce(max(load_id), '') from {} where status = 0 and schema_name = %s")
    with raw.warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
        cursor.execute(query.format(sql.Identifier(raw.schema, "_dlt_loads")), (raw.writer,))
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def last_loaded_at(warehouse: Warehouse, sources: Iterable[Source]) -> datetime | None:
    """When the last load that brought rows finished; None if there is none.

    Requests alone do not count: those that brought no rows appear in the marts with the next build.
    """
    tables = {f"raw_{source.name}": [table.name for table in source.tables] for source in sources}
    newest: list[datetime] = []
    with warehouse.connect(role=LOADER) as connection, connection.cursor() as cursor:
        for schema, wanted in {**tables, OPS_SCHEMA: [ops.QUARANTINE.name]}.items():
            query = sql.SQL(
                "select max(inserted_at) from {} as loads where status = 0 and exists (select from {} as files "
                "where files.load_id = loads.load_id and split_part(file_name, '.', 1) = any(%s))"
            )
            places = (sql.Identifier(schema, name) for name in ("_dlt_loads", LOADED_FILES))
            cursor.execute(query.format(*places), (wanted,))
            newest += [moment for (moment,) in cursor.fetchall() if moment]
    return max(newest, default=None)
