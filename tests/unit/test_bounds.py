"""Numbers outside the bounds of the possible are rejected with their field, value and bounds."""

from typing import Any

import orjson
import pyarrow as pa
import pytest

from ingestion.parsing.bounds import BOUNDS, DOUBLES, INTEGERS, TEXTS, bounds_of
from ingestion.parsing.coercion import to_column
from ingestion.parsing.records import parse_records
from ingestion.parsing.schema import table
from ingestion.sources import SOURCES
from ingestion.sources.polygon import parse_splits
from tests.unit.responses import response_of

FIELDS = table("all", "All kinds.", *(f"{kind} {kind} {kind}." for kind in BOUNDS)).schema


@pytest.mark.parametrize("kind", [*DOUBLES, *INTEGERS])
def test_the_bounds_themselves_pass_and_what_is_beyond_them_does_not(kind: str) -> None:
    bounds, field = {**DOUBLES, **INTEGERS}[kind], FIELDS.field(kind)
    inside: list[Any] = [bounds.least, bounds.most, 0 if bounds.least <= 0 else None, None]
    outside: list[Any] = [bounds.least * 2 - 1, bounds.most * 2]
    if bounds.finest:
        inside += [bounds.finest, -bounds.finest]
        outside += [bounds.finest / 2, -bounds.finest / 2, 1e-320]
    if kind in DOUBLES:
        outside += [1.797e308, -3.4e38]
    else:
        inside, outside = ([None if value is None else int(value) for value in values] for values in (inside, outside))
    assert to_column(inside, field)[1] == {}
    assert sorted(to_column([*outside, *inside], field)[1]) == list(range(len(outside)))
    assert sorted(to_column(pa.array([*outside, *inside], field.type), field)[1]) == list(range(len(outside)))
    texts = pa.array([None if value is None else repr(value) for value in [*outside, *inside]], pa.string())
    assert sorted(to_column(texts, field)[1]) == list(range(len(outside)))


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_that_becomes_a_key_is_short(kind: str) -> None:
    most = TEXTS[kind].most
    found = to_column(["A" * most, "\u00e9" * (most + 1), None, "A" * 9000], FIELDS.field(kind))[1]
    assert sorted(found) == [1, 3] and all(len(reason) < 200 for reason in found.values())


def test_a_rejected_row_says_which_field_and_value_and_what_is_possible() -> None:
    bars = table("bars", "One bar.", "ticker text! Ticker.", "close price Price.", "volume volume Volume.")
    unset = {"ticker": "B", "close": 1.797e308, "volume": 1e-320}
    parsed = parse_records(bars, [{"ticker": "A", "close": 750_000.0, "volume": 0}, unset])
    assert [row["ticker"] for row in parsed.tables["bars"].to_pylist()] == ["A"]
    (rejected,) = parsed.rejected
    assert rejected.reason == (
        "close: 1.797e+308 is out of bounds: a price is from -1e+09 to 1e+09 and, unless it is 0, at least 1e-09 from 0"
        "; volume: 1e-320 is out of bounds: a volume is from -1e+16 to 1e+16 and, unless it is 0, at least 1e-09 from 0"
    )


def test_a_split_is_rejected_for_its_ratio_too() -> None:
    split = {"ticker": "A", "execution_date": "2024-01-02", "id": "s"}
    terms = [(1, 2), ("1e-3", 1e6), (1e-300, 1e300), (0, 2), (-1, 2), ("1", 2)]
    rows = [split | {"split_from": given, "split_to": taken} for given, taken in terms]
    parsed = parse_splits(response_of("polygon", "splits", orjson.dumps({"status": "OK", "results": rows})))
    # Zero and less are flagged by the models, as before.
    assert [row["split_from"] for row in parsed.tables["splits"].to_pylist()] == [1, 0, -1, 1]
    assert [(row.row_number, row.reason.partition(":")[0]) for row in parsed.rejected] == [
        (1, "split_from, split_to"),
        (2, "split_from"),
    ]


def test_every_number_of_a_provider_has_bounds() -> None:
    for name in ("polygon", "alpha_vantage", "rss"):
        for declared in SOURCES[name].tables:
            numbers = [field for field in declared.schema if field.type in (pa.float64(), pa.int64())]
            unbounded = {field.name for field in numbers if bounds_of(field) is None}
            # A time has bounds of its own, and the last two are counted here.
            assert unbounded <= {"timestamp", "row_count", "refused_count"}, (name, declared.name)
