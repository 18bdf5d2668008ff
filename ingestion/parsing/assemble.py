"""Assemble columns of raw values into the typed Arrow table of a raw table."""

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import md5
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.model import ROW_NUMBER, Parsed, Rejected, Table
from ingestion.parsing.coercion import to_column
from ingestion.parsing.conform import SURPLUS
from ingestion.parsing.rejection import row_text
from ingestion.parsing.values import Unreadable, read_text

LONGEST_NAME = 50
# PostgreSQL's own columns, and the one that holds what is too much for columns.
RESERVED = frozenset({"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax", SURPLUS})


def assemble(
    table: Table, columns: Mapping[str, Any], row_numbers: Sequence[int] | pa.Array, text_of: Callable[[int], str]
) -> Parsed:
    """A typed table from columns of raw values (declared and extra ones, of equal length), without unreadable rows."""
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
            if array.null_count < count:  # a column of nulls has no type
                fields.append(pa.field(name, array.type))
                arrays.append(array)
    own = pa.array(row_numbers, ROW_NUMBER.type)
    kept = pa.Table.from_arrays([*arrays, own], schema=pa.schema([*fields, ROW_NUMBER]))
    if reasons:
        kept = kept.take(pa.array([place for place in range(count) if place not in reasons], pa.int64()))
    rejected = [
        Rejected(table.name, "; ".join(reasons[place]), text_of(place), own[place].as_py()) for place in sorted(reasons)
    ]
    return Parsed({table.name: kept}, rejected)


def free_name(key: str, taken: set[str]) -> str:
    """A column name for `key`, with a number if another column has the name.

    A key of which its name shows only a part (too long, or with letters outside ASCII) has its hash in the name too:
    it has the same name in every response, whatever other keys a response has.
    """
    base = snake_case(key)
    if len(base) >= LONGEST_NAME or not key.isascii():
        base = f"{base[: LONGEST_NAME - 7]}_{md5(key.encode(errors='replace'), usedforsecurity=False).hexdigest()[:6]}"
    name = base
    number = 1
    while name in taken or name in RESERVED:
        number += 1
        name = f"{base}_{number}"
    return name


def snake_case(name: str) -> str:
    """A provider's key as a column name: lower-case ASCII words joined by single underscores."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    words = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")[:LONGEST_NAME].rstrip("_")
    return words if words[:1].isalpha() else f"column_{words}".rstrip("_")


def _infer(values: Sequence[Any] | pa.Array) -> pa.Array:
    """An array of bool, double or text; any other value becomes JSON text, never an error.

    JSON has one kind of number: 4369 and 25933.6 give the same column type, whichever comes first.
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
