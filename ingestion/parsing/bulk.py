"""Cut files that do not fit in memory into pieces, which are landed, parsed and loaded one by one.

The cuts depend on the content alone, so that the same file always gives the same pieces.
"""

import hashlib
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain
from typing import IO

import pyarrow as pa
from pyarrow import parquet

from ingestion.parsing.delimited import BOM
from ingestion.parsing.headers import UnknownHeader
from ingestion.parsing.layout import Layout
from ingestion.parsing.quotes import IsRecord, examine

PARQUET = b"PAR1"
# With other values, files that were landed before would look new.
ROWS_PER_PIECE = 131_072
BYTES_PER_PIECE = 8 * 1024 * 1024
LONGEST_HEADER = 1024 * 1024
EXCEL = re.compile(rb'\A(\xef\xbb\xbf)?"?sep=,"?\r?\n')  # names the delimiter to Excel


def blocks_of(file: IO[bytes]) -> Iterator[bytes]:
    """The file in blocks of BYTES_PER_PIECE; one empty block for an empty file."""
    yield file.read(BYTES_PER_PIECE)
    yield from iter(lambda: file.read(BYTES_PER_PIECE), b"")


def cut_lines(blocks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Pieces of whole lines, each with its number; the last may lack a newline, as the file does."""
    rest, place = b"", 0
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if not end:
            rest += block
            continue
        yield place, rest + block[:end]
        rest, place = block[end:], place + 1
    if rest or not place:
        yield place, rest


def cut_records(blocks: Iterable[bytes], delimiter: str, is_record: IsRecord) -> Iterator[tuple[int, bytes]]:
    """The same for CSV whose quoted fields may contain line breaks: no piece ends inside a field."""
    rest, place = b"", 0
    for block in blocks:
        rest += block
        whole = rest[: rest.rfind(b"\n") + 1]
        lines = examine(whole, delimiter, is_record, is_whole=False)
        if end := int(lines.starts[lines.end]):
            yield place, rest[:end]
            rest, place = rest[end:], place + 1
    if rest or not place:
        yield place, rest


def is_parquet(file: IO[bytes]) -> bool:
    """True if the file, which is read from its start, is a Parquet file."""
    if not file.seekable():
        return False
    start = file.read(len(PARQUET))
    file.seek(0)
    return start == PARQUET


def cut_csv(layout: Layout, file: IO[bytes], constants: Collection[str] = ()) -> Iterator[tuple[int, bytes]]:
    """Pieces of a CSV file, each with its header, which may lack the columns in `constants`.

    Raises UnknownHeader if the first line is no header.
    """
    blocks = blocks_of(file)
    block = next(blocks)
    while b"\n" not in block and len(block) < LONGEST_HEADER and (more := next(blocks, b"")):
        block += more
    block = EXCEL.sub(b"", block)
    first = block.removeprefix(BOM).lstrip(b"\r\n")
    if not first:
        raise UnknownHeader("expected a header line, but the file is empty: fetch it again")
    if b"\n" not in block and b"\r" in block:
        blocks = (later.replace(b"\r", b"\n") for later in blocks)
        block, first = block.replace(b"\r", b"\n"), first.replace(b"\r", b"\n")
    header = first.partition(b"\n")[0]
    columns = layout.columns(header, constants)
    blocks = chain([block], blocks)
    is_record = layout.record_test(columns)
    pieces = cut_records(blocks, layout.delimiter, is_record) if is_record else cut_lines(blocks)
    for place, lines in pieces:
        yield place, header + b"\n" + lines if place else lines


def cut_parquet(file: IO[bytes], check: Callable[[list[str]], object]) -> Iterator[tuple[int, bytes]]:
    """Pieces of at most ROWS_PER_PIECE rows, each a Parquet file, after `check` has seen the names of the columns.

    Raises pa.ArrowException for any other file.
    """
    # By default it reads ahead and keeps all requested columns: here the whole file.
    with parquet.ParquetFile(file, pre_buffer=False) as whole:
        check(whole.schema_arrow.names)
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
