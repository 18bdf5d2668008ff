"""Parse delimited text (CSV, TSV) into the typed Arrow table of a raw table. Bad lines are rejected with a reason."""

import csv
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ingestion.model import Parsed, Rejected, Response
from ingestion.parsing.assemble import assemble
from ingestion.parsing.headers import UnknownHeader, without_surplus
from ingestion.parsing.layout import Layout
from ingestion.parsing.quotes import UNCLOSED, examine
from ingestion.parsing.rejection import reject, row_text

BOM = b"\xef\xbb\xbf"


def parse_delimited(layout: Layout, response: Response, *, constants: Mapping[str, Any] | None = None) -> Parsed:
    """Parse lines into rows of the layout's table. Lines (without header and blank ones) = rows kept + rejected.

    Rejected are lines with another number of fields or with quotes that do not match, repeated header lines, unreadable
    values, and a last line that was cut. Empty fields are null; unknown columns are kept as text.
    """
    table, constants = layout.table, constants or {}
    body = response.body.removeprefix(BOM).lstrip(b"\r\n")
    if b"\n" not in body:
        body = body.replace(b"\r", b"\n")
    if not body:
        return assemble(table, {}, [], str)
    header, _, lines = (b"", b"", body) if layout.names else body.partition(b"\n")
    try:
        columns = list(layout.names or layout.columns(header, constants))
    except UnknownHeader as problem:
        reject(response, str(problem))
    clean = _read_clean(layout, lines, columns, constants)
    if clean is not None:
        return clean
    rows, wrong = _read_columns(layout, lines, response, columns)
    total = len(rows[columns[0]]) + len(wrong)
    numbers = sorted(set(range(total)) - set(wrong))

    names = next(csv.reader([header.decode()], delimiter=layout.delimiter), []) if header else columns
    repeated = dict.fromkeys(_repetitions(rows, [name.strip() for name in names]), "repeated header line")
    if layout.ends_with_newline and not body.endswith((b"\n", b"\r")) and numbers and numbers[-1] == total - 1:
        repeated[len(numbers) - 1] = "the last line has no newline: the file was cut inside it"
    rejected = [Rejected(table.name, reason, row_text(text), number) for number, (reason, text) in wrong.items()]
    rejected += [
        Rejected(table.name, reason, _line_text(rows, place), numbers[place]) for place, reason in repeated.items()
    ]
    if repeated:
        kept = [place for place in range(len(numbers)) if place not in repeated]
        rows = {name: _pick(values, kept) for name, values in rows.items()}
        numbers = [numbers[place] for place in kept]
    named = without_surplus({name: rows[name] for name in columns if name not in constants}, table.schema)
    shared = {name: [value] * len(numbers) for name, value in constants.items()}
    parsed = assemble(table, named | shared, numbers, lambda place: _line_text(rows, place))
    return Parsed(parsed.tables, rejected + parsed.rejected)


def _read_clean(layout: Layout, lines: bytes, columns: Sequence[str], constants: Mapping[str, Any]) -> Parsed | None:
    """The same rows in a third of the time, if none of them has an error; else None."""
    types = {field.name: field.type for field in layout.table.schema if field.name not in constants}
    separator, is_quoted = layout.delimiter.encode(), b'"' in lines
    # Arrow's reader accepts NUL, and blanks around a number or date; we do not.
    ends = (separator, b"\r", b"\n", b'"') if is_quoted else (separator, b"\r", b"\n")
    blanks = [part for end in ends for part in (end + b" ", b" " + end)] if {*types.values()} != {pa.string()} else []
    if (
        set(columns) != set(types)
        or not {*types.values()} <= {pa.string(), pa.float64(), pa.date32()}
        or not lines.endswith(b"\n")
        or any(part in lines for part in (b"\0", *blanks))
        or lines.startswith(b" ")
        or (is_quoted and examine(lines, layout.delimiter, None).broken)
    ):
        return None
    try:
        rows = pa_csv.read_csv(
            pa.BufferReader(lines),
            pa_csv.ReadOptions(column_names=columns),
            pa_csv.ParseOptions(delimiter=layout.delimiter, quote_char='"' if is_quoted else False),
            pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
        )
    except (pa.ArrowException, UnicodeError):
        return None
    found: dict[str, Any] = {name: rows[name].combine_chunks() for name in columns}
    # A repeated header line would have text where a number or date belongs; a table of text needs a look.
    if {*types.values()} == {pa.string()} and _repetitions(found, columns):
        return None
    found |= {name: pa.repeat(pa.scalar(value, pa.string()), rows.num_rows) for name, value in constants.items()}
    parsed = assemble(layout.table, found, pa.array(np.arange(rows.num_rows)), str)
    return None if parsed.rejected else parsed


def _read_columns(
    layout: Layout, lines: bytes, response: Response, columns: Sequence[str]
) -> tuple[dict[str, Any], dict[int, tuple[str, str]]]:
    """The well-formed lines as columns of text, and the reason and text of each other line by number."""
    whole, broken = _without_broken_lines(layout, lines, columns)
    skipped: dict[int, tuple[str, str]] = {}
    original = _same
    if not _is_utf8(whole):
        # Arrow drops a bad line that is not UTF-8. Read as Latin-1, every byte is a character and can be restored.
        whole, original = whole.decode("latin-1").encode(), _from_latin1

    def record(row: pa_csv.InvalidRow) -> str:
        reason = f"expected {row.expected_columns} fields, found {row.actual_columns}"
        skipped[row.number - 1] = (reason, original(row.text))
        return "skip"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(whole),
            # One block and one thread: rows are numbered only then, and no line spans two blocks.
            pa_csv.ReadOptions(use_threads=False, block_size=len(whole) + 1, column_names=columns),
            pa_csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char='"' if b'"' in whole else False,
                newlines_in_values=layout.has_line_breaks,
                invalid_row_handler=record,
            ),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False),
        )
    except (pa.ArrowException, UnicodeError) as problem:
        if whole.strip(b"\r\n"):
            reject(response, f"expected lines of {', '.join(columns)}; {problem}")
        table = pa.table({name: pa.array([], pa.string()) for name in columns})
    wrong = broken
    if skipped:
        read = sorted(set(range(table.num_rows + len(skipped) + len(broken))) - set(broken))
        wrong = broken | {read[number]: found for number, found in skipped.items()}
    rows = {name: table[name].combine_chunks() for name in columns}
    if original is _same:
        return {name: pc.if_else(pc.equal(text, ""), None, text) for name, text in rows.items()}, wrong
    return {name: [original(value) or None for value in text.to_pylist()] for name, text in rows.items()}, wrong


def _without_broken_lines(
    layout: Layout, lines: bytes, columns: Sequence[str]
) -> tuple[bytes, dict[int, tuple[str, str]]]:
    """The text without the lines whose quotes do not match, and the reason and text of those by number of record."""
    found = examine(lines, layout.delimiter, layout.record_test(columns))
    if not found.broken:
        return lines, {}
    texts = [lines[start:end] for start, end in zip(found.starts, found.starts[1:], strict=False)]
    counts = np.array([bool(text.strip(b"\r\n")) for text in texts])
    counts[found.continued] = False
    numbers = np.cumsum(counts) - 1
    broken = {
        int(numbers[place]): (UNCLOSED, texts[place].rstrip(b"\r\n").decode("utf-8", "surrogateescape"))
        for place in found.broken
    }
    out = set(found.broken)
    return b"".join(text for place, text in enumerate(texts) if place not in out), broken


def _is_utf8(body: bytes) -> bool:
    try:
        return body.isascii() or bool(body.decode())
    except UnicodeDecodeError:
        return False


def _same(text: str) -> str:
    return text


def _from_latin1(text: str) -> str:
    """The original text; bytes that are not UTF-8 become characters that no text column accepts."""
    return text.encode("latin-1").decode("utf-8", "surrogateescape")


def _repetitions(rows: Mapping[str, Any], header: Sequence[str]) -> list[int]:
    """The positions of repeated header lines."""
    same = None
    for values, name in zip(rows.values(), header, strict=True):
        equal = (
            pc.equal(values, name)
            if isinstance(values, pa.Array)
            else pa.array([v == name for v in values], pa.bool_())
        )
        same = equal if same is None else pc.and_(same, equal)
    return pc.indices_nonzero(same.fill_null(False)).to_pylist() if same is not None else []


def _pick(values: Any, places: Sequence[int]) -> Any:
    return values.take(pa.array(places, pa.int64())) if isinstance(values, pa.Array) else [values[p] for p in places]


def _line_text(rows: Mapping[str, Any], place: int) -> str:
    cells = {name: values[place] for name, values in rows.items()}
    return row_text({name: cell.as_py() if isinstance(cell, pa.Scalar) else cell for name, cell in cells.items()})
