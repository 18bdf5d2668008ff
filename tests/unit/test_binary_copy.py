"""Arrow rows are encoded as PostgreSQL reads a binary COPY."""

import struct
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.load import binary_copy
from ingestion.load.binary_copy import HEADER, TRAILER, Stream, encode

MOMENT = pa.timestamp("us", tz="UTC")
START = datetime(2000, 1, 1, tzinfo=UTC)
READ: dict[str, Callable[[bytes], Any]] = {
    "text": bytes.decode,
    "double": lambda value: struct.unpack(">d", value)[0],
    "bigint": lambda value: struct.unpack(">q", value)[0],
    "flag": lambda value: struct.unpack(">?", value)[0],
    "day": lambda value: START.date() + timedelta(days=struct.unpack(">i", value)[0]),
    "moment": lambda value: START + timedelta(microseconds=struct.unpack(">q", value)[0]),
    "word": bytes.decode,
    "load": bytes.decode,
}
KINDS = {
    "text": (pa.string(), st.text()),
    "double": (pa.float64(), st.floats(allow_nan=False)),
    "bigint": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "flag": (pa.bool_(), st.booleans()),
    "day": (pa.date32(), st.dates()),
    "moment": (MOMENT, st.datetimes(timezones=st.just(UTC))),
    "word": (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["", "one", "zwölf"])),
}


def read(chunks: list[bytes]) -> list[list[Any]]:
    """The rows of a stream, read as PostgreSQL's documentation specifies."""
    content, place, rows = b"".join(chunks), 0, []
    while place < len(content):
        (fields,) = struct.unpack_from(">h", content, place)
        place, row = place + 2, []
        for name in list(READ)[:fields]:
            (size,) = struct.unpack_from(">i", content, place)
            place += 4
            row.append(READ[name](content[place : place + size]) if size >= 0 else None)
            place += max(size, 0)
        rows.append(row)
    return rows


@given(st.data(), st.integers(1, 9), st.integers(0, 3), st.lists(st.sampled_from(sorted(KINDS)), unique=True))
def test_what_is_read_is_what_was_encoded(data: st.DataObject, count: int, skipped: int, with_nulls: list[str]) -> None:
    columns = {}
    for name, (kind, values) in KINDS.items():
        some = st.none() | values if name in with_nulls else values
        column = pa.array(
            data.draw(st.lists(some, min_size=count, max_size=count)), pa.string() if name == "word" else kind
        )
        columns[name] = column.dictionary_encode() if name == "word" else column
    batch = pa.record_batch(columns).slice(skipped)
    expected = [[*row.values(), "1700000000.5"] for row in batch.to_pylist()]
    assert read(list(encode(batch, {"load": "1700000000.5"}))) == expected


def test_a_large_batch_goes_in_pieces_and_all_its_rows_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binary_copy, "LARGEST_CHUNK", 100)
    batch = pa.record_batch({"text": [str(number) * 9 for number in range(40)]})
    stream = Stream([batch, batch.slice(0, 0), batch], {})
    chunks = list(iter(stream.read, b""))
    assert (chunks[0], chunks[-1], stream.rows) == (HEADER, TRAILER, 80)
    assert len(chunks) > 10 and read(chunks[1:-1]) == [list(row.values()) for row in batch.to_pylist()] * 2


def test_the_edges_of_time_are_kept() -> None:
    days = [date(1, 1, 1), date(1999, 12, 31), date(9999, 12, 31)]
    assert [row[4] for row in read(list(encode(_one(days), {})))] == days


def test_a_type_of_no_raw_table_is_named() -> None:
    with pytest.raises(TypeError, match="column price holds decimal"):
        list(encode(pa.record_batch({"price": pa.array([1], pa.decimal128(9, 2))}), {}))


def _one(days: list[date]) -> pa.RecordBatch:
    rows = len(days)
    return pa.record_batch(
        {
            "text": [""] * rows,
            "double": [0.5] * rows,
            "bigint": [1] * rows,
            "flag": [True] * rows,
            "day": pa.array(days, pa.date32()),
        }
    )
