"""Parse a Parquet file into the typed Arrow table of a raw table. Unreadable rows are rejected with a reason."""

from collections.abc import Collection, Mapping

import numpy as np
import pyarrow as pa

from ingestion.model import Parsed, Response, Table
from ingestion.parsing.assemble import assemble, free_name
from ingestion.parsing.bulk import read_parquet
from ingestion.parsing.rejection import found, reject, row_text


def parse_columns(
    table: Table, response: Response, *, constants: Mapping[str, str] | None = None, needs: Collection[str] = ()
) -> Parsed:
    """Parse the rows into rows of `table`. Rows received = rows kept + rejected.

    A column of another type is accepted if the cast loses nothing (a float for a double, midnight for a date). Unknown
    columns are kept as numbers, booleans or text.
    """
    try:
        rows = read_parquet(response.body)
    except (pa.ArrowException, OSError) as problem:
        reject(response, f"expected a Parquet file; {problem}")
    names = rows.schema.names
    if missing := [name for name in needs if name not in names]:
        reject(response, f"expected the columns {', '.join(missing)} too; found {found(names)}")
    columns = {
        name if name in table.schema.names else free_name(name, set(table.schema.names)): _plain(rows[name])
        for name in names
    }
    columns |= {name: pa.repeat(pa.scalar(value), rows.num_rows) for name, value in (constants or {}).items()}
    numbers = pa.array(np.arange(rows.num_rows))
    return assemble(table, columns, numbers, lambda place: row_text(_row(rows, place)))


def _plain(values: pa.ChunkedArray) -> pa.Array:
    """The column in one chunk; other types than text, number, boolean and time become text."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_large_string(values.type):
        values = values.cast(pa.string())
    if pa.types.is_nested(values.type) or pa.types.is_binary(values.type):
        values = pa.chunked_array([[row_text(value.as_py()) for value in values]], pa.string())
    return values.combine_chunks()


def _row(rows: pa.Table, place: int) -> dict[str, object]:
    return {name: _shown(value) for name, value in rows.slice(place, 1).to_pylist()[0].items()}


def _shown(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else str(value)
