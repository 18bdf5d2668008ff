"""Declare raw tables."""

import pyarrow as pa

from ingestion.model import TIMESTAMP, Table

COLUMN_TYPES = {
    "text": pa.string(),
    "json": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": TIMESTAMP,
}


def table(name: str, description: str, *columns: str) -> Table:
    """Declare a raw table by lines of "name type description".

    The types are the keys of COLUMN_TYPES; `!` after a type marks a required column. `json` is text that holds a nested
    value as compact JSON.
    """
    fields = []
    for line in columns:
        column, kind, text = line.split(" ", 2)
        metadata = {"description": text} | ({"json": "true"} if kind.startswith("json") else {})
        is_nullable, kind = not kind.endswith("!"), kind.rstrip("!")
        fields.append(pa.field(column, COLUMN_TYPES[kind], nullable=is_nullable, metadata=metadata))
    return Table(name, pa.schema(fields), description)
