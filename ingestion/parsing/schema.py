"""Declare raw tables."""

import pyarrow as pa

from ingestion.model import Table
from ingestion.parsing.values import TIMESTAMP

_KINDS = {
    "text": pa.string(),
    "json": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": TIMESTAMP,
}


def table(name: str, description: str, *columns: str) -> Table:
    """A raw table from lines of "name type description", the type in Postgres' words.

    `!` after the type marks a required column; `json` is text that holds a nested value as compact JSON.
    """
    fields = []
    for line in columns:
        column, kind, text = line.split(" ", 2)
        metadata = {"description": text} | ({"json": "true"} if kind.startswith("json") else {})
        fields.append(pa.field(column, _KINDS[kind.rstrip("!")], nullable=not kind.endswith("!"), metadata=metadata))
    return Table(name, pa.schema(fields), description)
