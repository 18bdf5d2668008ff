"""Parse delimited text (CSV, TSV) into the typed Arrow table of a raw table. Bad lines are rejected with a reason."""

import csv
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from ingestion.model import Parsed, Rejected, Response, Table
from ingestion.parsing.assemble import assemble, free_name
from ingestion.parsing.rejection import found, reject, row_text

BOM = b"\xef\xbb\xbf"


def parse_delimited(
    table: Table,
    response: Response,
    *,
    delimiter: str = ",",
    names: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    needs: Collection[str] = (),
    quoted: bool = False,
    ends_with_newline: bool = True,
) -> Parsed:
    """Parse lines into rows of `table`. Lines received (without header and blank lines) = rows kept + rejected.

    Without `names` the first line must be a header that has (after `rename`) the columns that the table requires and
    those in `needs`. Rejected are lines with another number of fields, repeated header lines, unreadable values and,
    where the format `ends_with_newline`, a last line without one: a truncated number is still a number. `quoted` fields
    may contain delimiters and newlines. Empty fields are null; unknown columns are kept as text.
    """
    body = response.body.removeprefix(BOM).lstrip(b"\r\n")
    if not body:
        return assemble(table, {}, [], str)
    header = list(names) if names else _header(body, response, delimiter)
    if not quoted and not rename and {*needs} <= {*header}:
        clean = _read_clean(table, body, header, constants or {}, delimiter, has_header=names is None)
        if clean is not None:
            return clean
    columns, wrong = _read_columns(body, response, delimiter, header, quoted, has_header=names is None)
    total = len(columns[header[0]]) + len(wrong)
    numbers = sorted(set(range(total)) - set(wrong))

    repeated = dict.fromkeys(_repetitions(columns), "repeated header line")
    if ends_with_newline and not body.endswith((b"\n", b"\r")) and numbers and numbers[-1] == total - 1:
        repeated[len(numbers) - 1] = "the last line has no newline: the file was cut inside it"
    rejected = [Rejected(table.name, reason, row_text(text), number) for number, (reason, text) in wrong.items()]
    rejected += [
        Rejected(table.name, reason, _line_text(columns, place), numbers[place]) for place, reason in repeated.items()
    ]
    if repeated:
        kept = [place for place in range(len(numbers)) if place not in repeated]
        columns = {name: _pick(values, kept) for name, values in columns.items()}
        numbers = [numbers[place] for place in kept]

    named: dict[str, Any] = {}
    for name, values in columns.items():
        target = (rename or {}).get(name, name)
        declared = target in table.schema.names and target not in named
        named[target if declared else free_name(name, {*table.schema.names, *named})] = values
    required = [field.name for field in table.schema if not field.nullable and field.name not in (constants or {})]
    if missing := [name for name in [*required, *needs] if name not in named]:
        reject(response, f"expected the columns {', '.join(dict.fromkeys(missing))} too; found {found(header)}")
    shared = {name: [value] * len(numbers) for name, value in (constants or {}).items()}
    parsed = assemble(table, named | shared, numbers, lambda place: _line_text(columns, place))
    return Parsed(parsed.tables, rejected + parsed.rejected)


def _read_clean(
    table: Table, body: bytes, header: Sequence[str], constants: Mapping[str, Any], delimiter: str, *, has_header: bool
) -> Parsed | None:
    """The same rows in a third of the time, if none of them has an error; else None."""
    types = {field.name: field.type for field in table.schema if field.name not in constants}
    separator = delimiter.encode()
    # Arrow's reader accepts NUL, and blanks around a number or date; we do not.
    blanks = (b" \r", b" \n", b"\n ", separator + b" ", b" " + separator) if {*types.values()} != {pa.string()} else ()
    suspect = (b"\0", *blanks)
    if (
        set(header) != set(types)
        or not {*types.values()} <= {pa.string(), pa.float64(), pa.date32()}
        or not body.endswith(b"\n")
        or any(part in body for part in suspect)
    ):
        return None
    try:
        rows = pa_csv.read_csv(
            pa.BufferReader(body),
            pa_csv.ReadOptions(skip_rows=int(has_header), column_names=header),
            pa_csv.ParseOptions(delimiter=delimiter, quote_char=False),
            pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
        )
    except (pa.ArrowException, UnicodeError):
        return None
    columns: dict[str, Any] = {name: rows[name].combine_chunks() for name in header}
    if _repetitions({name: values for name, values in columns.items() if values.type == pa.string()}):
        return None
    columns |= {name: pa.repeat(pa.scalar(value), rows.num_rows) for name, value in constants.items()}
    parsed = assemble(table, columns, pa.array(np.arange(rows.num_rows)), str)
    return None if parsed.rejected else parsed


def _header(body: bytes, response: Response, delimiter: str) -> list[str]:
    try:
        line = body.splitlines()[0].decode()
        header = [name.strip() for name in next(csv.reader([line], delimiter=delimiter))]
    except (UnicodeDecodeError, csv.Error, StopIteration):
        reject(response, f"expected a header line, found {body[:60]!r}")
    if len(set(header)) < len(header):
        reject(response, f"expected different column names, found {found(header)}, some of them twice")
    return header


def _read_columns(
    body: bytes, response: Response, delimiter: str, header: Sequence[str], quoted: bool, *, has_header: bool
) -> tuple[dict[str, Any], dict[int, tuple[str, str]]]:
    """The well-formed lines as columns of text, and the reason and text of each other line by number."""
    wrong: dict[int, tuple[str, str]] = {}
    original = _same
    if not _is_utf8(body):
        # Arrow drops a bad line that is not UTF-8. Read as Latin-1, every byte is a character and can be restored.
        body, original = body.decode("latin-1").encode(), _from_latin1

    def record(row: pa_csv.InvalidRow) -> str:
        reason = f"expected {row.expected_columns} fields, found {row.actual_columns}"
        wrong[row.number - 1 - has_header] = (reason, original(row.text))
        return "skip"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(body),
            # One block and one thread: rows are numbered only then, and no line spans two blocks.
            pa_csv.ReadOptions(
                use_threads=False, block_size=len(body) + 1, skip_rows=int(has_header), column_names=header
            ),
            pa_csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
                invalid_row_handler=record,
            ),
            pa_csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False),
        )
    except (pa.ArrowException, UnicodeError) as problem:
        reject(response, f"expected lines of {', '.join(header)}; {problem}")
    columns = {name: table[name].combine_chunks() for name in header}
    if original is _same:
        return {name: pc.if_else(pc.equal(text, ""), None, text) for name, text in columns.items()}, wrong
    return {name: [original(value) or None for value in text.to_pylist()] for name, text in columns.items()}, wrong


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


def _repetitions(columns: Mapping[str, Any]) -> list[int]:
    """The positions of repeated header lines."""
    same = None
    for name, values in columns.items():
        equal = (
            pc.equal(values, name)
            if isinstance(values, pa.Array)
            else pa.array([v == name for v in values], pa.bool_())
        )
        same = equal if same is None else pc.and_(same, equal)
    return pc.indices_nonzero(same.fill_null(False)).to_pylist() if same is not None else []


def _pick(values: Any, places: Sequence[int]) -> Any:
    return values.take(pa.array(places, pa.int64())) if isinstance(values, pa.Array) else [values[p] for p in places]


def _line_text(columns: Mapping[str, Any], place: int) -> str:
    cells = {name: values[place] for name, values in columns.items()}
    return row_text({name: cell.as_py() if isinstance(cell, pa.Scalar) else cell for name, cell in cells.items()})
