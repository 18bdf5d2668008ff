"""Records become typed tables: unreadable rows are rejected with a reason, and none is lost."""

from datetime import date
from typing import Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.errors import MalformedResponse
from ingestion.parsing.assemble import snake_case
from ingestion.parsing.records import numbers, parse_records
from ingestion.parsing.rejection import json_object, row_text
from ingestion.parsing.schema import table
from tests.unit.responses import response_of, rows

BARS = table(
    "bars", "One bar.", "ticker text! Ticker.", "date date! Day.", "close double Price.", "tags json Tags, a list."
)


def test_a_declared_table_carries_types_descriptions_and_requirements() -> None:
    assert BARS.schema.names == ["ticker", "date", "close", "tags"]
    assert BARS.schema.field("close").metadata[b"description"] == b"Price."
    assert [field.nullable for field in BARS.schema] == [False, False, True, True]


def test_kept_rows_keep_their_place_and_rejected_ones_say_why() -> None:
    records: list[Any] = [
        {"ticker": "A", "date": "2015-10-01", "close": 1},
        {"ticker": "B", "date": "never", "close": float("nan")},
        "not a row",
        {"date": "2015-10-01"},
        {"ticker": "C", "date": "2015-10-02", "close": "2.5", "tags": ["x"]},
    ]
    parsed = parse_records(BARS, records)
    assert parsed.tables["bars"].to_pylist() == [
        {"ticker": "A", "date": date(2015, 10, 1), "close": 1.0, "tags": None, "_row_number": 0},
        {"ticker": "C", "date": date(2015, 10, 2), "close": 2.5, "tags": '["x"]', "_row_number": 4},
    ]
    assert [(r.row_number, r.reason) for r in parsed.rejected] == [
        (2, "the row is 'not a row', not an object"),
        (1, "date: 'never' is not a date (YYYY-MM-DD); close: nan is not a finite number"),
        (3, "ticker: missing"),
    ]
    assert {r.entity for r in parsed.rejected} == {"bars"}
    assert orjson.loads(parsed.rejected[-1].row) == {"date": "2015-10-01"}
    assert parsed.rows_received == len(records)


def test_no_records_give_an_empty_table_of_the_declared_types() -> None:
    parsed = parse_records(BARS, [])
    assert parsed.tables["bars"].num_rows == 0
    assert parsed.tables["bars"].schema.types == [*BARS.schema.types, pa.int64()]


def test_renamed_keys_and_constants_fill_declared_columns() -> None:
    parsed = parse_records(
        BARS, [{"T": "A", "c": 2}], rename={"T": "ticker", "c": "close"}, constants={"date": "2015-10-01"}
    )
    assert rows(parsed, "bars") == [{"ticker": "A", "date": date(2015, 10, 1), "close": 2.0, "_row_number": 0}]


def test_unknown_keys_become_columns_of_a_simple_type() -> None:
    good = {"ticker": "A", "date": "2015-10-01"}
    extra = {
        "isOTC": True,
        "vwap": 4369,
        "Name (long)": "x",
        "nested": {"a": [1]},
        "mixed": 1,
        "id": 2**60,
        "nil": None,
    }
    parsed = parse_records(BARS, [good | extra, good | {"vwap": 25933.6, "mixed": "y", "ticker_": "odd"}])
    assert (
        rows(parsed, "bars")[0].items()
        >= {
            "is_otc": True,
            "vwap": 4369.0,
            "name_long": "x",
            "nested": '{"a":[1]}',
            "mixed": "1",
            "id": str(2**60),
            "ticker_2": None,
        }.items()
    )
    assert "nil" not in parsed.tables["bars"].schema.names
    assert not parsed.rejected


JSON = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.integers())


@given(st.dictionaries(st.sampled_from(["ticker", "date", "close", "tags", "other"]), JSON), st.integers(0, 3))
def test_a_constant_reads_as_the_same_value_in_every_row(shared: dict[str, Any], count: int) -> None:
    own = {"ticker": "A", "date": "2015-10-01", "close": 1.5}
    records = [{key: value for key, value in own.items() if key not in shared} for _ in range(count)]
    parsed = parse_records(BARS, records, constants=shared)
    spelt = parse_records(BARS, [record | shared for record in records])
    assert [(r.row_number, r.reason) for r in parsed.rejected] == [(r.row_number, r.reason) for r in spelt.rejected]
    assert sorted(map(str, rows(parsed, "bars"))) == sorted(map(str, rows(spelt, "bars")))


@given(st.lists(st.dictionaries(st.just("t"), JSON) | st.integers() | st.text() | st.none()))
def test_numbers_are_those_of_the_rows_each_once(records: list[Any]) -> None:
    values = [row.get("t") for row in records if isinstance(row, dict)]
    assert numbers(records, "t") == {value for value in values if type(value) in (int, float)}


def test_a_number_gives_the_same_column_type_in_every_response() -> None:
    good = {"ticker": "A", "date": "2015-10-01"}
    types = {parse_records(BARS, [good | {"v": v}]).tables["bars"].schema.field("v").type for v in (1, 1.5, 1e9)}
    assert types == {pa.float64()}


def test_hundreds_of_unknown_keys_become_one_column() -> None:
    record = {"ticker": "A", "date": "2015-10-01"} | {f"key{n}": n for n in range(500)}
    only = rows(parse_records(BARS, [record]), "bars")[0]
    assert len(only) == 4
    assert orjson.loads(str(only["unknown_keys"]))["key499"] == 499


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("adjClose", "adj_close"),
        ("5. adjusted close", "column_5_adjusted_close"),
        ("_dlt_load_id", "dlt_load_id"),
        ("HTTPServer__x", "http_server_x"),
        ("é", "column"),
        ("", "column"),
        ("x" * 200, "x" * 50),
    ],
)
def test_column_names_are_plain_words(key: str, name: str) -> None:
    assert snake_case(key) == name


def test_what_spoils_one_row_of_json_does_not_spoil_the_others() -> None:
    body = b'\xef\xbb\xbf{"rows": [{"t": NaN}, {"t": "\\ud800"}, {"t": "\xff"}, {"t": "ok"}]}'
    records = json_object(response_of("s", "e", body))["rows"]
    parsed = parse_records(table("x", "", "t text! Text.", "n double Number."), [{**r, "n": r["t"]} for r in records])
    assert len(parsed.rejected) == 4
    parsed = parse_records(table("x", "", "t text! Text."), records)
    assert [row["t"] for row in rows(parsed, "x")] == ["NaN", "ok"]


@pytest.mark.parametrize(
    "body", [b"", b" \n", b"<html>", b'{"a": [1, 2', b"[1]", b"nul", b"[" * 100_000, b"\x00", b'"x']
)
def test_bodies_that_are_no_json_object_are_rejected(body: bytes) -> None:
    with pytest.raises(MalformedResponse, match="s e AAPL: expected"):
        json_object(response_of("s", "e", body, ticker="AAPL"))


def test_row_text_is_bounded_plain_text() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    for row in ({"a": "\0"}, {"a": "\ud800"}, {"a": 10**30}, {"a": "x" * 200_000}, {1: b"x"}, deep, "a\0b"):
        text = row_text(row)
        text.encode()
        assert "\0" not in text
        assert len(text) < 70_000


JSONISH = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=12)
    | st.sampled_from(["2015-10-01", "AAPL", "1.5", "\0", "NaN", "20151001T101010"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.sampled_from([*BARS.schema.names, "at", "n", "flag", "Ticker", "_row_number", "x.y"]) | st.text(max_size=8)
WIDE = table("bars", "", "ticker text! T.", "date date D.", "close double C.", "tags json J.", "at timestamptz A.",
             "n bigint N.", "flag boolean F.")  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.dictionaries(KEYS, JSONISH, max_size=8) | JSONISH, max_size=6))
def test_any_records_are_kept_or_rejected_and_none_is_lost(records: list[Any]) -> None:
    parsed = parse_records(WIDE, records)
    kept = parsed.tables["bars"]
    assert parsed.rows_received == len(records)
    places = [*kept["_row_number"].to_pylist(), *(r.row_number for r in parsed.rejected)]
    assert sorted(places) == list(range(len(records)))
    assert kept.schema.names[:7] == WIDE.schema.names
    assert len(set(kept.schema.names)) == len(kept.schema.names)
    assert kept["ticker"].null_count == 0
    for rejected in parsed.rejected:
        assert rejected.reason
        (rejected.reason + rejected.row).encode()
        assert "\0" not in rejected.reason + rejected.row
    kept.validate(full=True)
