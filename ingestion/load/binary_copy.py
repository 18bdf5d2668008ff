"""Encode Arrow rows as PostgreSQL's binary COPY, a column at a time.

https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS. A row is its number of fields and then,
for each field, the length and the bytes of its value. The fields between two texts have the same width in every row:
numpy lays them out as one record, Arrow joins the records and texts of each row, and its buffer is the stream.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"
LARGEST_CHUNK = 64 * 1024 * 1024  # bytes of Arrow rows encoded at once
DAYS_TO_2000 = np.int32(10_957)
MICROSECONDS_TO_2000 = np.int64(946_684_800_000_000)


class Stream:
    """A file for psycopg2 to read: the encoded rows of batches. `rows` counts them."""

    def __init__(self, batches: Iterable[pa.RecordBatch], constants: dict[str, str]) -> None:
        self.rows = 0
        self._chunks = self._encoded(batches, constants)

    def read(self, _: int = -1) -> bytes:
        """The next chunk, of any size; empty at the end."""
        return next(self._chunks, b"")

    def _encoded(self, batches: Iterable[pa.RecordBatch], constants: dict[str, str]) -> Iterator[bytes]:
        yield HEADER
        for batch in batches:
            self.rows += batch.num_rows
            yield from encode(batch, constants)
        yield TRAILER


def encode(batch: pa.RecordBatch, constants: dict[str, str]) -> Iterator[bytes]:
    """Encode the batch's rows, each with the texts of `constants` after its own columns, in bounded chunks.

    Raises TypeError for a column that is neither text, double, bigint, boolean, date nor time stamp in microseconds.
    """
    if not batch.num_rows:
        return
    if batch.nbytes > LARGEST_CHUNK and batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from encode(batch.slice(0, half), constants)
        yield from encode(batch.slice(half), constants)
        return
    parts, fixed = [], _Record(batch.num_rows)
    fixed.add(">i2", batch.num_columns + len(constants))
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            if len(column.dictionary) == 1 and not column.null_count and column.dictionary.null_count == 0:
                fixed.add_text(column.dictionary[0].as_py())
                continue
            column = column.dictionary_decode()
        if column.null_count:
            parts += [fixed.take(), _nullable(name, column)]
        elif column.type == pa.string():
            fixed.add(">i4", _lengths(column))
            parts += [fixed.take(), column.cast(pa.binary())]
        else:
            fixed.add_values(*_plain(name, column))
    for text in constants.values():
        fixed.add_text(text)
    _, ends, content = pc.binary_join_element_wise(*parts, fixed.take(), pa.scalar(b"", pa.binary())).buffers()
    yield content[: np.frombuffer(ends, np.int32)[batch.num_rows]].to_pybytes()


class _Record:
    """Fields of the same width in every row, as bytes in network order."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._fields: list[tuple[str, Any]] = []

    def add(self, kind: str, values: Any) -> None:
        """Add a value, or one for each row."""
        self._fields.append((kind, values))

    def add_values(self, kind: str, values: np.ndarray) -> None:
        """Add values, each after its length."""
        self.add(">i4", np.dtype(kind).itemsize)
        self.add(kind, values)

    def add_text(self, text: str) -> None:
        """Add the same text to every row."""
        content = text.encode()
        self.add(">i4", len(content))
        if content:
            self.add(f"V{len(content)}", np.void(content))

    def take(self) -> pa.Array:
        """Return the fields so far as a binary array, and start again."""
        structure = np.dtype([(str(place), kind) for place, (kind, _) in enumerate(self._fields)])
        rows = np.empty(self.rows, structure)
        for place, (_, values) in enumerate(self._fields):
            rows[str(place)] = values
        self._fields = []
        ends = np.arange(self.rows + 1, dtype=np.int32) * np.int32(structure.itemsize)
        return pa.Array.from_buffers(pa.binary(), self.rows, [None, pa.py_buffer(ends), pa.py_buffer(rows)])


def _nullable(name: str, column: pa.Array) -> pa.Array:
    """Length and value of each row, where some are null."""
    one = _Record(len(column))
    if column.type == pa.string():
        filled = column.fill_null("")
        one.add(">i4", _lengths(filled))
        whole = pc.binary_join_element_wise(one.take(), filled.cast(pa.binary()), pa.scalar(b"", pa.binary()))
    else:
        one.add_values(*_plain(name, column.fill_null(False if column.type == pa.bool_() else 0)))
        whole = one.take()
    return pc.if_else(column.is_valid(), whole, pa.scalar(NULL, pa.binary()))


def _lengths(texts: pa.Array) -> np.ndarray:
    ends = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.diff(ends)


def _plain(name: str, column: pa.Array) -> tuple[str, np.ndarray]:
    """Values without nulls, as PostgreSQL stores them: days and microseconds since 2000."""
    kind = column.type
    if kind == pa.float64():
        return ">f8", column.to_numpy()
    if kind == pa.int64():
        return ">i8", column.to_numpy()
    if kind == pa.bool_():
        return "u1", column.to_numpy(zero_copy_only=False)
    if kind == pa.date32():
        return ">i4", column.view(pa.int32()).to_numpy() - DAYS_TO_2000
    if pa.types.is_timestamp(kind) and kind.unit == "us":
        return ">i8", column.view(pa.int64()).to_numpy() - MICROSECONDS_TO_2000
    raise TypeError(f"column {name} holds {kind}, which is no type of a raw table")
