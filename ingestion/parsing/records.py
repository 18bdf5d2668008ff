"""Parse JSON records into the typed Arrow table of a raw table. Rows with unreadable values are rejected.

Works column by column, because price responses hold ten thousand rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa

from ingestion.model import Parsed, Rejected, Table
from ingestion.parsing.assemble import assemble, free_name, snake_case
from ingestion.parsing.coercion import is_json, to_column
from ingestion.parsing.conform import MOST_EXTRA_COLUMNS, SURPLUS
from ingestion.parsing.rejection import row_text
from ingestion.parsing.values import show


def parse_records(
    table: Table,
    records: Sequence[Any],
    *,
    rename: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    rejections: Mapping[int, str] | None = None,
) -> Parsed:
    """Parse records (JSON objects, one row each) into `table`. Rows received = rows kept + rows rejected.

    `rename` maps provider keys to columns, `constants` are values of all rows (they take precedence over keys of the
    same name), `rejections` are known reasons by position. Unknown keys become extra columns.
    """
    reasons = dict(rejections or {})
    if {*map(type, records)} - {dict}:
        others = ((place, record) for place, record in enumerate(records) if not isinstance(record, dict))
        reasons |= {place: f"the row is {show(record)}, not an object" for place, record in others}
    rejected = [Rejected(table.name, reasons[place], row_text(records[place]), place) for place in sorted(reasons)]
    places: Sequence[int] = range(len(records))
    if reasons:
        places = [place for place in places if place not in reasons]
    rows = [records[place] for place in places] if reasons else records
    keys = {name: name for name in table.schema.names} | {name: key for key, name in (rename or {}).items()}
    shared, present = constants or {}, set[str]().union(*rows)
    columns: dict[str, Any] = {
        field.name: column(rows, key) if (key := keys[field.name]) in present else pa.nulls(len(rows), field.type)
        for field in table.schema
        if field.name not in shared
    }
    used = {keys[name] for name in columns}
    columns |= {name: _repeated(value, len(rows), table.schema, name) for name, value in shared.items()}
    columns |= _extra_columns(rows, sorted(present - used), set(columns))
    parsed = assemble(table, columns, places, lambda place: row_text(rows[place]))
    return Parsed(parsed.tables, rejected + parsed.rejected)


def column(rows: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """The values of a key, None where a row does not have it."""
    try:
        return list(map(itemgetter(key), rows))  # the usual case, and the fastest
    except KeyError:
        return [row.get(key) for row in rows]


def numbers(rows: Sequence[Any], key: str) -> set[float]:
    """The distinct numbers of a key in the rows that are objects."""
    try:
        values = set(map(itemgetter(key), rows))
        if {*map(type, values)} <= {int, float}:
            return values
    except (KeyError, TypeError):
        pass
    every: Iterable[Any] = (row.get(key) for row in rows if isinstance(row, dict))
    return {value for value in every if type(value) in (int, float)}


def _repeated(value: Any, count: int, schema: pa.Schema, name: str) -> Sequence[Any] | pa.Array:
    """A column of one value, which is read once if it is readable."""
    if name in schema.names:
        field = schema.field(name)
        once, unreadable = to_column([value], field)
        return [value] * count if unreadable or is_json(field) else pa.repeat(once[0], count)
    is_plain = isinstance(value, bool) or (isinstance(value, str) and value.isascii())
    return pa.repeat(pa.scalar(value), count) if is_plain else [value] * count


def _extra_columns(rows: Sequence[dict[str, Any]], unknown: Sequence[str], taken: set[str]) -> dict[str, list[Any]]:
    """The keys that the table does not declare, under unused column names."""
    if len(unknown) > MOST_EXTRA_COLUMNS:
        rest = [{key: row[key] for key in unknown if key in row} for row in rows]
        return {SURPLUS: [row_text(extra) if extra else None for extra in rest]}
    extras = {}
    # Keys that are column names already come first, so that a name does not depend on what other keys there are.
    for key in sorted(unknown, key=lambda key: (snake_case(key) != key, key)):
        name = free_name(key, taken)
        taken = taken | {name}
        extras[name] = column(rows, key)
    return extras
