"""Small tables are combined before they are written to the files of a load package."""

import pyarrow as pa

from ingestion.load import parquet_files


def test_small_tables_are_combined_in_order_without_losing_a_row() -> None:
    one, other = pa.table({"a": [1, 2]}), pa.table({"a": ["x"], "b": [None]})
    given = [("bars", one), ("news", one), ("bars", one), ("bars", other), ("news", one), ("bars", one)]
    found = list(parquet_files.combined(iter(given)))
    assert [(name, table.num_rows) for name, table in found] == [("bars", 4), ("bars", 1), ("bars", 2), ("news", 4)]
    assert [table for name, table in found if name == "bars"][1] == other


def test_tables_are_combined_up_to_a_bound() -> None:
    piece = pa.table({"a": range(parquet_files.ROWS_PER_FILE // 2)})
    found = list(parquet_files.combined(("bars", piece) for _ in range(5)))
    assert [table.num_rows for _, table in found] == [2 * piece.num_rows, 2 * piece.num_rows, piece.num_rows]
