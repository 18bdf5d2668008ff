"""How the lines of a table's files are laid out: delimiter, columns, and where a record ends."""

import csv
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from ingestion.model import Table
from ingestion.parsing.headers import Synonyms, UnknownHeader, recognise
from ingestion.parsing.quotes import IsRecord
from ingestion.parsing.values import READERS, Unreadable


@dataclass(frozen=True)
class Layout:
    """How the lines of a table's files are laid out.

    Without `names` the first line is a header, which must have the columns that the table requires and those in
    `needs`; other spellings of a column are in `synonyms`. A field may contain a line break if `has_line_breaks`.
    Where the format `ends_with_newline`, a last line without one was cut: a truncated number is still a number.
    """

    table: Table
    delimiter: str = ","
    names: Sequence[str] | None = None
    synonyms: Synonyms = field(default_factory=dict)
    needs: Collection[str] = ()
    has_line_breaks: bool = False
    ends_with_newline: bool = True

    def columns(self, line: bytes, constants: Collection[str] = ()) -> list[str]:
        """The columns that a header line means, by `recognise`. Raises UnknownHeader if it is no header."""
        try:
            names = [name.strip() for name in next(csv.reader([line.decode()], delimiter=self.delimiter, strict=True))]
        except (UnicodeDecodeError, csv.Error, StopIteration):
            raise UnknownHeader(f"expected a header line, found {line[:60]!r}") from None
        return self.recognise(names, constants)

    def recognise(self, names: Sequence[str], constants: Collection[str] = ()) -> list[str]:
        """The columns that these names mean. Raises UnknownHeader."""
        required = [field.name for field in self.table.schema if not field.nullable]
        needs = [name for name in dict.fromkeys([*required, *self.needs]) if name not in constants]
        return recognise(names, self.table.schema, self.synonyms, needs)

    def record_test(self, columns: Sequence[str]) -> IsRecord | None:
        """Tells whether a line is a record by itself: as many fields as columns, with a readable time.

        None where every line is one.
        """
        schema = self.table.schema
        checks = [
            (place, READERS[schema.field(name).type])
            for place, name in enumerate(columns)
            if name in schema.names and schema.field(name).type != pa.string()
        ]

        def is_record(line: bytes) -> bool:
            try:
                fields = next(csv.reader([line.decode()], delimiter=self.delimiter), [])
                for place, read in checks:
                    read(fields[place])
                return len(fields) == len(columns)
            except (UnicodeDecodeError, csv.Error, Unreadable, IndexError):
                return False

        return is_record if self.has_line_breaks else None
