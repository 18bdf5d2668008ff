"""Rows on their way into a package: a few Parquet files, cheap to write and cheap to read again.

dlt takes them as they are (`with_file_import`, https://dlthub.com/docs/general-usage/resource): its own writer tries a
dictionary for every column of numbers, which costs more than all the rest of writing a file that lives for seconds.
"""

from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path

import pyarrow as pa
from dlt.common.metrics import DataWriterMetrics
from dlt.extract.extractors import ImportFileMeta
from dlt.extract.items import DataItemWithMeta
from pyarrow import parquet

ROWS_AT_ONCE = 262_144
ROWS_PER_GROUP = 131_072


def gathered(tables: Iterable[tuple[str, pa.Table]]) -> Iterator[tuple[str, pa.Table]]:
    """The same rows in tables of some size: a file has its price, however small."""
    waiting: dict[str, list[pa.Table]] = {}
    for name, table in tables:
        some = waiting.setdefault(name, [])
        if some and (some[0].schema != table.schema or sum(map(len, some)) >= ROWS_AT_ONCE):
            yield name, _together(some)
            some.clear()
        some.append(table)
    for name, some in waiting.items():
        yield name, _together(some)


def handed_over(rows: pa.Table, name: str, folder: Path) -> DataItemWithMeta:
    """The rows in a file of the folder, for dlt to link into its package as a file of the table."""
    folder.mkdir(parents=True, exist_ok=True)
    path = next(path for number in count() if not (path := folder / f"{name}.{number}.parquet").exists())
    texts = [field.name for field in rows.schema if field.type == pa.string() or pa.types.is_dictionary(field.type)]
    parquet.write_table(
        rows, path, row_group_size=ROWS_PER_GROUP, use_dictionary=texts, compression="none", write_statistics=False
    )
    metrics = DataWriterMetrics(str(path), rows.num_rows, path.stat().st_size, 0, 0)
    return DataItemWithMeta(
        ImportFileMeta(str(path), metrics, "parquet", {"table_name": name}), rows.schema.empty_table()
    )


def _together(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).unify_dictionaries()
