"""Files too large to be held at once, cut into pieces that are landed, parsed and loaded one by one.

Where a file is cut follows from its content alone, so that the same file always gives the same pieces.
"""

import hashlib
import io
from collections.abc import Iterator
from typing import IO

import pyarrow as pa
from pyarrow import parquet

PARQUET = b"PAR1"
# Changed, they make files that were landed before look new.
ROWS_PER_PIECE = 131_072
BYTES_PER_PIECE = 8 * 1024 * 1024


def cut_lines(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces of whole lines, each with its place; the last may end without a newline, as the file does."""
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


def cut_parquet(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces of at most ROWS_PER_PIECE rows, each a Parquet file of its own; raises pa.ArrowException for any other."""
    # Its default reads ahead, and keeps, all that is asked for: here the whole file.
    with parquet.ParquetFile(file, pre_buffer=False) as whole:
        if not whole.metadata.num_rows:
            yield 0, _write(whole.schema_arrow.empty_table())
        for place, batch in enumerate(whole.iter_batches(ROWS_PER_PIECE)):
            yield place, _write(pa.Table.from_batches([batch]))


def digest(file: IO[bytes]) -> str:
    """SHA-256 of the whole file, which is then read from its beginning again."""
    found = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # any readable file will do
    file.seek(0)
    return found


class Piece(bytes):
    """A Parquet file that we have just written, with the rows that are in it."""

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
