"""Parse a Parquet file into the typed Arrow table of a raw table. Unreadable rows are rejected with a reason."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from ingestion.model import Parsed, Response
from ingestion.parsing.assemble import assemble
from ingestion.parsing.bulk import read_parquet
from ingestion.parsing.headers import UnknownHeader, without_surplus
from ingestion.parsing.layout import Layout
from ingestion.parsing.rejection import reject, row_text


def parse_columns(layout: Layout, response: Response, *, constants: Mapping[str, Any] | None = None) -> Parsed:
    """Parse the rows into rows of the layout's table. Rows received = rows kept + rejected.

    A column of another type is accepted if the cast loses nothing (a float for a double, midnight for a date). Unknown
    columns are kept as numbers, booleans or text.
    """
    table, constants = layout.table, constants or {}
    try:
        rows = read_parquet(response.body)
    except (pa.ArrowException, OSError, UnicodeError):
        reject(response, "expected a Parquet file, found a damaged one: fetch it again")
    try:
        names = layout.recognise(rows.schema.names, constants)
    except UnknownHeader as problem:
        reject(response, str(problem))
    plain = {name: _plain(rows[place]) for place, name in enumerate(names) if name not in constants}
    columns = without_surplus(plain, table.schema)
    columns |= {name: pa.repeat(pa.scalar(value, pa.string()), rows.num_rows) for name, value in constants.items()}
    numbers = pa.array(np.arange(rows.num_rows))
    return assemble(
        table, columns, numbers, lambda place: row_text({name: _shown(values[place]) for name, values in plain.items()})
    )


def _plain(values: pa.ChunkedArray) -> Any:
    """The column in one chunk; other types than text, number, boolean and time become text.

    Text that is not UTF-8 (Parquet does not check it) is a list, with characters that no text column accepts.
    """
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
        values = values.cast(pa.string(), safe=False)
    if pa.types.is_decimal(values.type):
        # Arrow's own cast misses the nearest double: 1.2345 would become 1.2345000000000002.
        values = values.cast(pa.string()).cast(pa.float64())
    if not _is_plain(values.type):
        values = pa.chunked_array([[row_text(value.as_py()) for value in values]], pa.string())
    column = values.combine_chunks()
    if pa.types.is_string(column.type):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid:
            raw = column.view(pa.binary()).to_pylist()
            return [None if text is None else text.decode("utf-8", "surrogateescape") for text in raw]
    return column


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    tests = (types.is_string, types.is_integer, types.is_floating, types.is_boolean, types.is_temporal, types.is_null)
    return any(test(kind) for test in tests)


def _shown(value: object) -> object:
    value = value.as_py() if isinstance(value, pa.Scalar) else value
    return value if isinstance(value, str | int | float | None) else str(value)
