"""The raw tables: how dlt and PostgreSQL know them."""

from collections.abc import Iterable
from typing import Any

import dlt
import pyarrow as pa
from psycopg2 import sql

from ingestion.load.destination import LOAD_ID
from ingestion.model import ORIGIN, TIMESTAMP, Table

ARROW_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": TIMESTAMP,
}
DLT_TYPES = {arrow: name for name, arrow in ARROW_TYPES.items()}


def declared_schema(name: str, tables: Iterable[Table]) -> dlt.Schema:
    """The tables as dlt's schema `name`, with the columns that say where a row comes from."""
    schema = dlt.Schema(name)
    for table in tables:
        columns = [*map(_column, [*table.schema, *ORIGIN]), {"name": LOAD_ID, "data_type": "text", "nullable": False}]
        hints: Any = {
            "name": table.name,
            "description": table.description,
            "write_disposition": "append",
            "columns": {column["name"]: column for column in columns},
        }
        schema.update_table(hints)
    return schema


def column_types(schema: dlt.Schema) -> dict[str, dict[str, pa.DataType]]:
    """The Arrow type of each column by table; text for a type that no raw table has."""
    return {
        name: {
            column: ARROW_TYPES.get(str(hints.get("data_type")), pa.string())
            for column, hints in table["columns"].items()
        }
        for name, table in schema.tables.items()
    }


def describe(cursor: Any, schema: str, table: Table) -> None:
    """Comment a table and its columns, and index the rows by load."""
    place = sql.Identifier(schema, table.name)
    index = sql.Identifier(f"{table.name}_{LOAD_ID}")
    create = sql.SQL("create index if not exists {} on {} using brin (_dlt_load_id)")
    cursor.execute(create.format(index, place))
    cursor.execute(sql.SQL("comment on table {} is {}").format(place, sql.Literal(table.description)))
    for field in table.schema:
        column = sql.Identifier(schema, table.name, field.name)
        cursor.execute(sql.SQL("comment on column {} is {}").format(column, sql.Literal(_description(field))))


def _column(field: pa.Field) -> dict[str, Any]:
    column = {"name": field.name, "data_type": DLT_TYPES[field.type], "nullable": field.nullable}
    if field.type == TIMESTAMP:
        column["precision"] = 6
    return column | ({"description": text} if (text := _description(field)) else {})


def _description(field: pa.Field) -> str:
    return (field.metadata or {}).get(b"description", b"").decode()
