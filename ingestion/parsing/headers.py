"""Recognise the columns of a CSV or Parquet file by name, whatever their order, case and spelling."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa

from ingestion.parsing.assemble import free_name, snake_case
from ingestion.parsing.conform import MOST_EXTRA_COLUMNS, SURPLUS
from ingestion.parsing.rejection import found, row_text

Synonyms = Mapping[str, Collection[str]]


_NUMBERING = re.compile(r"^\s*\d+\s*[.)]\s*(?=\D)")  # Alpha Vantage's "1. open"


class UnknownHeader(ValueError):
    """The names are not those of the table; the message says which were expected and which were found."""


def recognise(
    names: Sequence[str], schema: pa.Schema, synonyms: Synonyms | None = None, needs: Collection[str] = ()
) -> list[str]:
    """The column of `schema` that each name means, or a free column name for a name that means none.

    "Adj Close", "adjClose" and "ADJ_CLOSE" mean `adj_close`; a synonym counts only where the column's own name is
    missing. Raises UnknownHeader if a column of `needs` is missing or two names mean the same column.
    """
    plain = [snake_case(_NUMBERING.sub("", name)) for name in names]
    meanings: dict[int, str] = {}
    for column in schema.names:
        for spelling in (column, *(synonyms or {}).get(column, ())):
            places = [place for place, name in enumerate(plain) if name == spelling and place not in meanings]
            exact = [place for place in places if names[place] == spelling]
            if len(places) > 1 and len(exact) != 1:
                raise UnknownHeader(
                    f"expected different column names, found {found(names)}, some of them twice: rename or remove one"
                )
            if places:
                meanings[(exact or places)[0]] = column
                break
    if missing := [column for column in needs if column not in meanings.values()]:
        raise UnknownHeader(
            f"expected the columns {', '.join(missing)} too; found {found(names)}: rename or add columns in the file"
        )
    columns, taken = [], {*schema.names}
    for place, name in enumerate(names):
        column = meanings.get(place) or free_name(name, taken)
        taken.add(column)
        columns.append(column)
    return columns


def without_surplus(columns: Mapping[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """The columns; if more than MOST_EXTRA_COLUMNS are not in `schema`, all of those as one column of JSON objects.

    A table of PostgreSQL has 1,600 columns at most. Values that are null are left out of the objects.
    """
    extra = [name for name in columns if name not in schema.names]
    if len(extra) <= MOST_EXTRA_COLUMNS:
        return dict(columns)
    values = [columns[name].to_pylist() if isinstance(columns[name], pa.Array) else columns[name] for name in extra]
    rows = (dict(zip(extra, row, strict=True)) for row in zip(*values, strict=True))
    objects = [row_text({key: value for key, value in row.items() if value is not None}) for row in rows]
    kept = {name: values for name, values in columns.items() if name in schema.names}
    return kept | {SURPLUS: pa.array([text if text != "{}" else None for text in objects], pa.string())}
