"""The schema contract: new columns are added, rows with another type are rejected, and no row is lost."""

from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from ingestion.model import Parsed
from ingestion.parsing.conform import conform

values = st.one_of(
    st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1),
    st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1),
    st.lists(st.one_of(st.none(), st.floats()), min_size=1),
    st.lists(st.one_of(st.none(), st.booleans()), min_size=1),
)


def table(column: list[Any]) -> pa.Table:
    return pa.table({"x": pa.array(column), "_row_number": range(len(column))})


@given(first=values, then=values)
def test_rows_are_conserved_and_types_hold(first: list[Any], then: list[Any]) -> None:
    known: dict[str, dict[str, pa.DataType]] = {}
    for column in (first, then):
        held = dict(known.get("bars", {}))
        parsed = Parsed({"bars": table(column)})
        result = conform(parsed, known, set())
        assert result.rows_received == parsed.rows_received
        if "x" in held and pa.types.is_null(table(column)["x"].type) is False:
            assert result.tables["bars"]["x"].type == held["x"]


def test_a_new_column_is_added_and_reported() -> None:
    known = {"bars": {"_row_number": pa.int64()}}
    new: set[str] = set()
    result = conform(Parsed({"bars": table(["a"])}), known, new)
    assert (new, known["bars"]["x"], result.rejected) == ({"bars.x"}, pa.string(), [])


def test_a_changed_type_is_rejected_with_the_reason() -> None:
    known = {"bars": {"x": pa.int64(), "_row_number": pa.int64()}}
    result = conform(Parsed({"bars": table(["12", "n/a", None])}), known, set())
    assert result.tables["bars"]["x"].to_pylist() == [12, None]
    (refused,) = result.rejected
    assert refused.row_number == 1
    assert "column x changed its type" in refused.reason
    assert "'n/a'" in refused.reason
