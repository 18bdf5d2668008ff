"""Cut files that do not fit in memory into pieces, which are landed, parsed and loaded one by one.

The cuts depend on the content alone, so that the same file always gives the same pieces.
"""

import hashlib
import io
import re
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
from pyarrow import parquet

PARQUET = b"PAR1"
# With other values, files that were landed before would look new.
ROWS_PER_PIECE = 131_072
BYTES_PER_PIECE = 8 * 1024 * 1024

# As in Arrow: a quote opens a field only at its start, and a doubled quote is a literal one.
OPENING = re.compile(rb'(?:(?<=[,\r])|(?<!.))"', re.DOTALL)
CLOSING = re.compile(rb'(?:[^"]|"")*+"')


def cut_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces of whole lines, each with its number; the last may lack a newline, as the file does."""
    rest, place = b"", 0
    while block := file.read(BYTES_PER_PIECE):
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            continue
        yield place, rest + block[:end]
        rest, place = block[end:], place + 1
    if rest or not place:
        yield place, rest


def cut_records(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The same for CSV whose quoted fields may contain newlines: no piece ends inside a field."""
    waiting, place, end, is_inside = b"", 0, 0, False
    while block := file.read(BYTES_PER_PIECE):
        waiting, start = waiting + block, end
        end = waiting.rfind(b"\n") + 1
        cut, is_inside = _last_end_of_record(waiting, start, end, is_inside)
        if cut:
            yield place, waiting[:cut]
            waiting, place, end = waiting[cut:], place + 1, end - cut
    if waiting or not place:
        yield place, waiting


def _last_end_of_record(text: bytes, start: int, end: int, is_inside: bool) -> tuple[int, bool]:
    """The end of the last record in the lines from `start` to `end`, 0 if none ends; and whether `end` is in a field.

    Only lines with a quote need to be examined.
    """
    cut = 0
    while (quote := text.find(b'"', start, end)) >= 0:
        line = max(start, text.rfind(b"\n", start, quote) + 1)
        start = text.find(b"\n", quote, end) + 1
        if not is_inside and line:
            cut = line
        is_inside = _is_inside_after(text[line:start], is_inside)
        if not is_inside:
            cut = start
    return (cut if is_inside else end), is_inside


def _is_inside_after(line: bytes, is_inside: bool) -> bool:
    place = 0
    while True:
        if not is_inside:
            opening = OPENING.search(line, place)
            if opening is None:
                return False
            place = opening.end()
        closing = CLOSING.match(line, place)
        if closing is None:
            return True
        place, is_inside = closing.end(), False


def cut_parquet(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces of at most ROWS_PER_PIECE rows, each a Parquet file; raises pa.ArrowException for any other file."""
    # By default it reads ahead and keeps all requested columns: here the whole file.
    with parquet.ParquetFile(file, pre_buffer=False) as whole:
        if not whole.metadata.num_rows:
            yield 0, _write(whole.schema_arrow.empty_table())
        for place, batch in enumerate(whole.iter_batches(ROWS_PER_PIECE)):
            yield place, _write(pa.Table.from_batches([batch]))


def digest(file: IO[bytes]) -> str:
    """SHA-256 of the whole file; rewinds it."""
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any readable file works
    file.seek(0)
    return found


class Piece(bytes):
    """A Parquet file that we have just written, with its rows."""

    rows: pa.Table


def read_parquet(body: bytes) -> pa.Table:
    """A piece's rows."""
    return body.rows if isinstance(body, Piece) else parquet.read_table(pa.BufferReader(body), use_threads=False)


def _write(rows: pa.Table) -> Piece:
    out = io.BytesIO()
    parquet.write_table(rows, out)
    piece = Piece(out.getbuffer())
    piece.rows = rows
    return piece
