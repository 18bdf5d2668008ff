"""From JSON records to the typed Arrow table of a raw table, with every row that cannot be trusted refused by name.

Shared by the source modules; pure, and built column by column because prices come ten thousand rows at a time.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NoReturn

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.coercion import is_json, to_column
from ingestion.diagnosis import decode_json
from ingestion.errors import MalformedResponse
from ingestion.model import Parsed, Rejected, Response, Table
from ingestion.values import TIMESTAMP, Unreadable, read_text, show

MAX_ROW_TEXT = 64 * 1024
MAX_EXTRA_COLUMNS = 40


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


def refuse(response: Response, detail: str) -> NoReturn:
    """Raise the error that says the whole `response` is not what its endpoint is documented to send."""
    scope = next((response.params[k] for k in ("ticker", "session", "feed", "archive") if k in response.params), "")
    raise MalformedResponse(detail, source=response.source, endpoint=response.endpoint, scope=scope)


def load_json(response: Response) -> Any:
    """The JSON body (not to be changed), or MalformedResponse."""
    try:
        return decode_json(response.body)
    except ValueError as problem:
        refuse(response, str(problem))


def json_object(response: Response) -> dict[str, Any]:
    """The body as a JSON object (not to be changed), or MalformedResponse."""
    body = load_json(response)
    if not isinstance(body, dict):
        refuse(response, f"expected a JSON object, found {type(body).__name__}")
    return body


def found(keys: Iterable[str]) -> str:
    """The keys of another shape than the expected one, for a message."""
    names = sorted(keys)
    return ", ".join(show(name) for name in names[:8]) + (", …" if len(names) > 8 else "") or "nothing"


def snake_case(name: str) -> str:
    """A provider's key as a column name: lower case ASCII words joined by single underscores."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    words = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:50].rstrip("_")
    return words if words[:1].isalpha() else f"column_{words}".rstrip("_")


def row_text(row: object) -> str:
    """A refused row as compact JSON in plain characters, cut at 64 KiB (landing has the whole)."""
    try:
        text = orjson.dumps(row).decode()
    except (TypeError, ValueError, RecursionError):
        try:
            text = json.dumps(row, separators=(",", ":"), default=str)
        except (ValueError, RecursionError):
            text = show(row)
    text = text.replace("\0", "")
    return text if len(text) <= MAX_ROW_TEXT else f"{text[:MAX_ROW_TEXT]}… (cut; {len(text)} characters)"


def parse_records(
    table: Table,
    records: Sequence[Any],
    *,
    rename: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    refused: Mapping[int, str] | None = None,
) -> Parsed:
    """Records (JSON objects, one row each) as `table`; rows received = rows kept + rows rejected.

    `rename` maps provider keys to columns, `constants` are values that every row shares (their columns win over
    keys of the same name), `refused` are reasons known beforehand, by place. Unknown keys become extra columns.
    """
    refusals = dict(refused or {})
    if {*map(type, records)} - {dict}:
        others = ((place, record) for place, record in enumerate(records) if not isinstance(record, dict))
        refusals |= {place: f"the row is {show(record)}, not an object" for place, record in others}
    rejected = [Rejected(table.name, refusals[place], row_text(records[place]), place) for place in sorted(refusals)]
    places: Sequence[int] = range(len(records))
    if refusals:
        places = [place for place in places if place not in refusals]
    rows = [records[place] for place in places] if refusals else records
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


def assemble(
    table: Table, columns: Mapping[str, Any], row_numbers: Sequence[int] | pa.Array, text_of: Callable[[int], str]
) -> Parsed:
    """Columns of raw values (declared and extra ones, equally long) as a typed table without the unreadable rows."""
    count = len(row_numbers)
    fields, arrays = [], []
    reasons: dict[int, list[str]] = {}
    for field in table.schema:
        array, unreadable = to_column(columns.get(field.name, [None] * count), field)
        fields.append(field)
        arrays.append(array)
        for place, reason in unreadable.items():
            reasons.setdefault(place, []).append(reason)
    for name, values in columns.items():
        if name not in table.schema.names:
            array = _infer(values)
            if array.null_count < count:  # all null says nothing, least of all a type
                fields.append(pa.field(name, array.type))
                arrays.append(array)
    own = pa.array(row_numbers, pa.int64())
    kept = pa.Table.from_arrays([*arrays, own], schema=pa.schema([*fields, pa.field("_row_number", pa.int64())]))
    if reasons:
        kept = kept.take(pa.array([place for place in range(count) if place not in reasons], pa.int64()))
    rejected = [
        Rejected(table.name, "; ".join(reasons[place]), text_of(place), own[place].as_py()) for place in sorted(reasons)
    ]
    return Parsed({table.name: kept}, rejected)


def column(rows: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """The values under a key, None where a row does not have it."""
    try:
        return list(map(itemgetter(key), rows))  # as nearly always, and sooner done
    except KeyError:
        return [row.get(key) for row in rows]


def numbers(rows: Sequence[Any], key: str) -> set[float]:
    """The numbers under a key, each once, of those rows that are objects."""
    try:
        values = set(map(itemgetter(key), rows))
        if {*map(type, values)} <= {int, float}:
            return values
    except (KeyError, TypeError):
        pass
    every: Iterable[Any] = (row.get(key) for row in rows if isinstance(row, dict))
    return {value for value in every if type(value) in (int, float)}


def _repeated(value: Any, count: int, schema: pa.Schema, name: str) -> Sequence[Any] | pa.Array:
    """A column of one value; one that can be read is read once."""
    if name in schema.names:
        field = schema.field(name)
        once, unreadable = to_column([value], field)
        return [value] * count if unreadable or is_json(field) else pa.repeat(once[0], count)
    is_plain = isinstance(value, bool) or (isinstance(value, str) and value.isascii())
    return pa.repeat(pa.scalar(value), count) if is_plain else [value] * count


def _extra_columns(rows: Sequence[dict[str, Any]], unknown: Sequence[str], taken: set[str]) -> dict[str, list[Any]]:
    """The keys that the table does not declare, under column names that clash with nothing."""
    if len(unknown) > MAX_EXTRA_COLUMNS:
        rest = [{key: row[key] for key in unknown if key in row} for row in rows]
        return {free_name("unknown_keys", taken): [row_text(extra) if extra else None for extra in rest]}
    extras = {}
    for key in unknown:
        name = free_name(key, taken)
        taken = taken | {name}
        extras[name] = column(rows, key)
    return extras


def free_name(key: str, taken: set[str]) -> str:
    """The column name for `key`, numbered when another column has it."""
    name = base = snake_case(key)
    number = 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def _infer(values: Sequence[Any] | pa.Array) -> pa.Array:
    """An array of bool, double or text; whatever does not fit one of these becomes JSON text, never an error.

    JSON has one kind of number, so 4369 and 25933.6 give the same type of column in whichever response they come.
    """
    if isinstance(values, pa.Array):
        if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
            return values.cast(pa.float64(), safe=False)
        if pa.types.is_boolean(values.type):
            return values
        if not pc.any(pc.match_substring(text := values.cast(pa.string()), "\0")).as_py():
            return text
        values = text.to_pylist()
    kinds = set(map(type, values)) - {type(None)}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds <= {int, float} and all(-(2**53) <= value <= 2**53 for value in values if value is not None):
        return pa.array(values, pa.float64())
    return pa.array([None if value is None else _plain_text(value) for value in values], pa.string())


def _plain_text(value: object) -> str:
    try:
        return read_text(value)
    except Unreadable:
        return row_text(value)
