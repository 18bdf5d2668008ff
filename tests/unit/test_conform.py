"""The schema contract: new columns are added, a value of another type goes beside them, and no row is lost."""

from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.model import Parsed
from ingestion.parsing.conform import MOST_COLUMNS, SURPLUS, conform

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


@pytest.mark.parametrize(
    ("known", "values", "held", "others"),
    [
        (pa.float64(), [5.0, None, 1.5], [5.0, None, 1.5], None),
        (pa.float64(), ["0.75", "halted", None], [0.75, None, None], [None, "halted", None]),
        (pa.float64(), ["9007199254740993", "1e999"], [None, None], ["9007199254740993", "1e999"]),
        (pa.float64(), [True, False], [None, None], ["true", "false"]),
        (pa.int64(), ["12", "1.5", "n/a"], [12, None, None], [None, "1.5", "n/a"]),
        (pa.bool_(), [5.0, 0.25, None], [None] * 3, ["5", "0.25", None]),
        (pa.bool_(), ["true", '{"a":1}'], [None] * 2, ["true", '{"a":1}']),
        (pa.string(), [5.0, 0.25, None], ["5", "0.25", None], None),
        (pa.string(), [True, None], ["true", None], None),
    ],
)
def test_what_a_column_cannot_hold_goes_beside_it_as_text(
    known: pa.DataType, values: list[Any], held: list[Any], others: list[Any] | None
) -> None:
    columns, new = {"bars": {"x": known, "_row_number": pa.int64()}}, set[str]()
    result = conform(Parsed({"bars": table(values)}), columns, new).tables["bars"]
    assert (result["x"].type, result["x"].to_pylist()) == (known, held)
    assert new == ({"bars.x_as_text"} if others else set())
    assert result.to_pydict().get("x_as_text") == others
    again = conform(Parsed({"bars": table(values)}), columns, new).tables["bars"]
    assert again.equals(result)


def test_past_a_bound_new_columns_share_one_column() -> None:
    known: dict[str, dict[str, pa.DataType]] = {}
    for page in range(MOST_COLUMNS):
        rows = pa.table(
            {"x": [1.0, None], f"new{page}": [page, None], f"more{page}": ["y", None], "_row_number": [0, 1]}
        )
        result = conform(Parsed({"bars": rows}), known, set()).tables["bars"]
    assert len(known["bars"]) == MOST_COLUMNS + 1
    assert result.num_columns == 3
    assert [text and orjson.loads(text) for text in result[SURPLUS].to_pylist()] == [
        {f"new{MOST_COLUMNS - 1}": MOST_COLUMNS - 1, f"more{MOST_COLUMNS - 1}": "y"},
        None,
    ]
    mixed = pa.table({"x": ["halted"], SURPLUS: ['{"a":1}'], "_row_number": [0]})
    result = conform(Parsed({"bars": mixed}), known, set()).tables["bars"]
    assert orjson.loads(result[SURPLUS][0].as_py()) == {"x": "halted", SURPLUS: '{"a":1}'}


def test_a_name_that_another_column_has_is_not_used_twice() -> None:
    known = {"bars": {"x": pa.float64(), "x_as_text": pa.bool_(), "_row_number": pa.int64()}}
    rows = pa.table({"x": ["a"], "x_as_text_2": ["own"], "_row_number": [0]})
    result = conform(Parsed({"bars": rows}), known, set()).tables["bars"]
    assert result.to_pylist() == [{"x": None, "x_as_text_2": "own", "_row_number": 0, "x_as_text_3": "a"}]
