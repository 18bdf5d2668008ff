"""Convert columns of provider values to typed Arrow arrays, with a reason for each unreadable value.

A column is converted as a whole; only if that fails is it read value by value, so that the reason can name the value.
An empty string is null for numbers, booleans and times; text keeps it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.model import TIMESTAMP
from ingestion.parsing.bounds import bounds_of
from ingestion.parsing.values import EARLIEST, LATEST, READERS, Unreadable, read_json, show

_WHOLE_COLUMN_KINDS: dict[pa.DataType, set[type]] = {
    pa.string(): {str},
    pa.float64(): {int, float},
    pa.int64(): {int},
    pa.bool_(): {bool},
}


def is_json(field: pa.Field) -> bool:
    """True if the text column holds nested values as compact JSON."""
    return bool(field.metadata) and b"json" in field.metadata


def to_column(values: Sequence[Any] | pa.Array, field: pa.Field) -> tuple[pa.Array, dict[int, str]]:
    """`values` as an Arrow array of the field's type, and a reason for each position that is unreadable (and null) or
    out of bounds.

    `values` are JSON values, or an array (of strings from CSV, of other types from Parquet).
    """
    try:
        column = _convert_whole(values, field)
    except (pa.ArrowException, UnicodeError, OverflowError, TypeError):
        column = None
    reasons: dict[int, str] = {}
    if column is None:
        column, reasons = _convert_each(values, field)
    if bounds := bounds_of(field):
        for place in bounds.outside(column).tolist():
            reasons[place] = f"{field.name}: {show(column[place].as_py())} is out of bounds: {bounds}"
    if not field.nullable:
        absent = pc.is_null(column)
        if field.type == pa.string():
            absent = pc.or_kleene(absent, pc.equal(pc.utf8_trim_whitespace(column), ""))
        for place in pc.indices_nonzero(absent.fill_null(True)).to_pylist():
            reasons.setdefault(place, f"{field.name}: missing")
    return column, reasons


def _convert_whole(values: Sequence[Any] | pa.Array, field: pa.Field) -> pa.Array | None:
    """The column in one step; None if a value needs to be read on its own."""
    if is_json(field):
        return None
    if not isinstance(values, pa.Array):
        kinds = set(map(type, values)) - {type(None)}
        if kinds <= _WHOLE_COLUMN_KINDS.get(field.type, set()):
            values = pa.array(values, field.type)
        elif kinds == {str}:
            values = pa.array(values, pa.string())
        else:
            return None
    if field.type == pa.string():
        values = values.cast(pa.string())
        return None if pc.any(pc.match_substring(values, "\0")).as_py() else values
    if values.type == pa.string():
        values = pc.if_else(pc.equal(values, ""), None, values)
        if field.type == pa.int64() and pc.any(pc.match_substring_regex(values, "[^0-9+-]")).as_py():
            return None  # Arrow reads "0x10" as sixteen
    values = values.cast(field.type)
    return values if _is_sane(values) else None


def _is_sane(column: pa.Array) -> bool:
    if column.type == pa.float64():
        return pc.all(pc.is_finite(column)).as_py() is not False
    if column.type in (pa.date32(), TIMESTAMP):
        bounds = pc.min_max(column).as_py()
        days = [day.date() if isinstance(day, datetime) else day for day in bounds.values() if day is not None]
        return all(EARLIEST <= day <= LATEST for day in days)
    return True


def _convert_each(values: Sequence[Any] | pa.Array, field: pa.Field) -> tuple[pa.Array, dict[int, str]]:
    read = read_json if is_json(field) else READERS[field.type]
    is_text = field.type == pa.string()
    column: list[object] = []
    reasons: dict[int, str] = {}
    if isinstance(values, pa.Array) and values.type != pa.string():
        values = values.cast(pa.string())
    for place, value in enumerate(values.to_pylist() if isinstance(values, pa.Array) else values):
        absent = value is None or (not is_text and isinstance(value, str) and not value.strip())
        try:
            column.append(None if absent else read(value))
        except Unreadable as problem:
            column.append(None)
            reasons[place] = f"{field.name}: {problem}"
    return pa.array(column, field.type), reasons
