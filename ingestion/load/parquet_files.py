"""Write the rows of a load package to a few Parquet files, which dlt imports as they are.

`dlt.mark.with_file_import`: https://dlthub.com/docs/general-usage/resource. dlt's own writer tries a dictionary for
every numeric column, which costs more than all the rest of writing a file that is read once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

ROWS_PER_FILE = 262_144
ROWS_PER_GROUP = 131_072
SHOWN = 5


@dataclass(frozen=True)
class RowFile:
    """A Parquet file with rows of one raw table."""

    path: Path
    rows: int
    schema: pa.Schema


def combined(tables: Iterable[tuple[str, pa.Table]]) -> Iterator[tuple[str, pa.Table]]:
    """Combine small tables of the same name and schema: each file has a fixed cost."""
    waiting: dict[str, list[pa.Table]] = {}
    for name, table in tables:
        parts = waiting.setdefault(name, [])
        if parts and (parts[0].schema != table.schema or sum(map(len, parts)) >= ROWS_PER_FILE):
            yield name, _concatenated(parts)
            parts.clear()
        parts.append(table)
    for name, parts in waiting.items():
        yield name, _concatenated(parts)


def write_files(tables: Iterable[tuple[str, pa.Table]], folder: Path) -> dict[str, list[RowFile]]:
    """Write the tables into files of the folder; the files by table name."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[str, list[RowFile]] = {}
    for number, (name, rows) in zip(count(), combined(tables), strict=False):
        path = folder / f"{name}.{number}.parquet"
        texts = [field.name for field in rows.schema if field.type == pa.string() or pa.types.is_dictionary(field.type)]
        parquet.write_table(
            rows, path, row_group_size=ROWS_PER_GROUP, use_dictionary=texts, compression="none", write_statistics=False
        )
        files.setdefault(name, []).append(RowFile(path, rows.num_rows, rows.schema))
    return files


def responses_in(folder: Path) -> str:
    """The ids of the responses in a folder's files, for a message: the first few."""
    ids: dict[str, None] = {}
    for path in sorted(folder.glob("*.parquet")):
        column = parquet.read_table(path, columns=["_response_id"])["_response_id"]
        ids |= dict.fromkeys(column.unique().to_pylist())
    return " ".join([*ids][:SHOWN]) + (f" … ({len(ids)} responses)" if len(ids) > SHOWN else "")


def _concatenated(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries()
