"""Tables on their way into packages."""

import pyarrow as pa

from ingestion.load import parquet_files as packing


def test_small_tables_are_put_together_without_losing_a_row_or_their_order() -> None:
    one, other = pa.table({"a": [1, 2]}), pa.table({"a": ["x"], "b": [None]})
    given = [("bars", one), ("news", one), ("bars", one), ("bars", other), ("news", one), ("bars", one)]
    found = list(packing.gathered(iter(given)))
    assert [(name, table.num_rows) for name, table in found] == [("bars", 4), ("bars", 1), ("bars", 2), ("news", 4)]
    assert [table for name, table in found if name == "bars"][1] == other


def test_tables_are_put_together_up_to_a_bound() -> None:
    piece = pa.table({"a": range(packing.ROWS_AT_ONCE // 2)})
    found = list(packing.gathered(("bars", piece) for _ in range(5)))
    assert [table.num_rows for _, table in found] == [2 * piece.num_rows, 2 * piece.num_rows, piece.num_rows]
