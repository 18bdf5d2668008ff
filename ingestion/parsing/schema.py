"""Declare raw tables."""

import pyarrow as pa

from ingestion.model import TIMESTAMP, Table
from ingestion.parsing.bounds import BOUNDS, DOUBLES, INTEGERS, TEXTS

COLUMN_TYPES = {
    "text": pa.string(),
    "json": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamptz": TIMESTAMP,
}
SESSION = "session"
KINDS = (
    COLUMN_TYPES
    | {"session": pa.date32()}
    | {
        **dict.fromkeys(DOUBLES, pa.float64()),
        **dict.fromkeys(INTEGERS, pa.int64()),
        **dict.fromkeys(TEXTS, pa.string()),
    }
)


def sessions_of(rows: pa.Table) -> list[str]:
    """The columns of a parsed table that hold sessions."""
    return [field.name for field in rows.schema if (field.metadata or {}).get(SESSION.encode())]


def table(name: str, description: str, *columns: str) -> Table:
    """Declare a raw table by lines of "name type description".

    The types are the keys of KINDS; `!` after a type marks a required column. `json` is text that holds a nested value
    as compact JSON. A kind of bounds.py ("price", "ticker") is a number or text that must be inside its bounds.
    """
    fields = []
    for line in columns:
        column, kind, text = line.split(" ", 2)
        is_nullable, kind = not kind.endswith("!"), kind.rstrip("!")
        metadata = {"description": text} | ({"json": "true"} if kind == "json" else {})
        metadata |= {"bounds": kind} if kind in BOUNDS else {}
        metadata |= {SESSION: "true"} if kind == "session" else {}
        fields.append(pa.field(column, KINDS[kind], nullable=is_nullable, metadata=metadata))
    return Table(name, pa.schema(fields), description)
