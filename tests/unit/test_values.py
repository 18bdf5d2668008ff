"""Single values are read as their declared type, or rejected with a reason that names them."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from ingestion.parsing.coercion import to_column
from ingestion.parsing.values import READERS, TIMESTAMP, Unreadable, read_json, read_text, read_timestamp

GOOD_TIMES = {
    "2025-09-23T14:32:00Z": datetime(2025, 9, 23, 14, 32, tzinfo=UTC),
    "2024-08-06T00:00:00.123456789Z": datetime(2024, 8, 6, 0, 0, 0, 123456, UTC),
    "2020-06-05 10:30:00-04:00": datetime(2020, 6, 5, 14, 30, tzinfo=UTC),
    "20261004T112143": datetime(2026, 10, 4, 11, 21, 43, tzinfo=UTC),
    "20261004T112143Z": datetime(2026, 10, 4, 11, 21, 43, tzinfo=UTC),
    "Sun, 04 Oct 2026 21:51:57 +0000": datetime(2026, 10, 4, 21, 51, 57, tzinfo=UTC),
    "Wed, 31 Jan 2018 07:26:05 GMT": datetime(2018, 1, 31, 7, 26, 5, tzinfo=UTC),
    "Wed, 31 Jan 2018 07:26 EST": datetime(2018, 1, 31, 12, 26, tzinfo=UTC),
    "31 Jan 18 07:26:05 UT": datetime(2018, 1, 31, 7, 26, 5, tzinfo=UTC),
    "  Wed, 03 Jan 2018 14:11:52 GMT\n ": datetime(2018, 1, 3, 14, 11, 52, tzinfo=UTC),
}
BAD_TIMES = [
    "2020-06-05",
    "2020-06-05 10:30:00",
    "20261332T250000",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "1899-12-31T23:59:59Z",
    "2020-02-30T00:00:00Z",
    "Wed, 31 Jan 2018 07:26:05",
    "Wed, 31 Jan 2018 07:26:05 -0000",
    "Wed, 31 Jan 2018 07:26:05 CET",
    "Wed, 31 Jan 2018 07:26:05 IST",
    "Wed, 31 Jan 2018 07:26:05 +9999999999",
    "Wed, 99 Jan 2018 07:26:05 GMT",
    "yesterday",
    "1700000000",
    "Τετ, 29 Ιουλ 2004 12:53:00 GMT",
    "\ud800",
    1700000000,
    True,
    [],
    {},
]


@pytest.mark.parametrize(("text", "moment"), GOOD_TIMES.items())
def test_times_with_a_known_zone_are_read(text: str, moment: datetime) -> None:
    assert read_timestamp(text) == moment
    column, reasons = to_column([text], pa.field("at", TIMESTAMP))
    assert (column.to_pylist(), reasons) == ([moment], {})


@pytest.mark.parametrize("value", BAD_TIMES, ids=repr)
def test_times_without_a_known_zone_are_rejected(value: object) -> None:
    with pytest.raises(Unreadable):
        read_timestamp(value)
    column, reasons = to_column([value], pa.field("at", TIMESTAMP))
    assert column.null_count == 1
    assert reasons[0].startswith("at: ")


VALUES: list[tuple[pa.DataType, object, object]] = [
    (pa.float64(), 1, 1.0),
    (pa.float64(), 8.1000752e07, 81000752.0),
    (pa.float64(), "147.4400", 147.44),
    (pa.float64(), "-1e3", -1000.0),
    (pa.float64(), 2**60 + 1, float(2**60)),
    (pa.float64(), "", None),
    (pa.float64(), None, None),
    (pa.float64(), True, Unreadable),
    (pa.float64(), float("nan"), Unreadable),
    (pa.float64(), float("inf"), Unreadable),
    (pa.float64(), "NaN", Unreadable),
    (pa.float64(), "inf", Unreadable),
    (pa.float64(), "1e999", Unreadable),
    (pa.float64(), 10**400, Unreadable),
    (pa.float64(), "9" * 5000, Unreadable),
    (pa.float64(), "1,5", Unreadable),
    (pa.float64(), "1_0", Unreadable),
    (pa.float64(), " 1.5", Unreadable),
    (pa.float64(), "٣", Unreadable),
    (pa.float64(), [1.0], Unreadable),
    (pa.int64(), 7, 7),
    (pa.int64(), 8.1e7, 81000000),
    (pa.int64(), "2015", 2015),
    (pa.int64(), "2015.0", 2015),
    (pa.int64(), 2**63 - 1, 2**63 - 1),
    (pa.int64(), "9223372036854775807", 2**63 - 1),
    (pa.int64(), 1.5, Unreadable),
    (pa.int64(), 1e300, Unreadable),
    (pa.int64(), 2**63, Unreadable),
    (pa.int64(), "9223372036854775808", Unreadable),
    (pa.int64(), False, Unreadable),
    (pa.bool_(), True, True),
    (pa.bool_(), "False", False),
    (pa.bool_(), 1, Unreadable),
    (pa.bool_(), "yes", Unreadable),
    (pa.date32(), "2015-10-01", date(2015, 10, 1)),
    (pa.date32(), "2015-10-1", Unreadable),
    (pa.date32(), "20151001", Unreadable),
    (pa.date32(), "2015-W40-4", Unreadable),
    (pa.date32(), "2015-02-30", Unreadable),
    (pa.date32(), "2023-01-31 15:45:00", Unreadable),
    (pa.date32(), "0001-01-01", Unreadable),
    (pa.date32(), "2999-01-01", Unreadable),
    (pa.date32(), 20151001, Unreadable),
    (pa.string(), "", ""),
    (pa.string(), "Ünïcode ", "Ünïcode "),
    (pa.string(), 12, Unreadable),
    (pa.string(), "a\0b", Unreadable),
    (pa.string(), "\ud800", Unreadable),
    (pa.string(), ["a"], Unreadable),
]


@pytest.mark.parametrize(("kind", "value", "expected"), VALUES, ids=repr)
def test_values_are_of_their_type_or_rejected(kind: pa.DataType, value: object, expected: object) -> None:
    """Alone, and beside a good value, which is converted with its column."""
    column, reasons = to_column([value], pa.field("x", kind))
    if expected is Unreadable:
        assert column.null_count == 1
        assert reasons[0].startswith("x: ")
        with pytest.raises(Unreadable):
            READERS[kind](value)
    else:
        assert (column.to_pylist(), reasons) == ([expected], {})
    assert column.type == kind


@pytest.mark.parametrize("kind", [pa.float64(), pa.int64(), pa.bool_(), pa.date32(), TIMESTAMP], ids=str)
def test_text_columns_are_read_as_single_values_are(kind: pa.DataType) -> None:
    """Reading whole CSV columns and single values gives the same results for every text."""
    texts = [str(value) for wanted, value, _ in VALUES if isinstance(value, str) and value.isprintable()]
    texts += ["1", "0", "true", "FALSE", "+1", "-1", "007", ".5", "5.", "1e5", "0x10", "2020-01-01T00:00:00+01"]
    texts += list(GOOD_TIMES) + [text for text in BAD_TIMES if isinstance(text, str)]
    for text in texts:
        if "\ud800" in text:
            continue
        alone = to_column(pa.array([text]), pa.field("x", kind))
        beside = to_column([text, 1.5j], pa.field("x", kind))
        assert alone[0].to_pylist()[0] == beside[0].to_pylist()[0], text
        assert alone[1].get(0) == beside[1].get(0), text


def test_a_required_column_misses_null_and_blank() -> None:
    column, reasons = to_column(["A", "", "  ", None], pa.field("ticker", pa.string(), nullable=False))
    assert reasons == dict.fromkeys((1, 2, 3), "ticker: missing")
    assert len(column) == 4


def test_nested_values_become_compact_json_and_nothing_else_does() -> None:
    field = pa.field("tickers", pa.string(), metadata={"json": "true"})
    column, reasons = to_column([["A", "B"], {"a": 1.0}, [], None, "A", 3, ["a\0"]], field)
    assert column.to_pylist() == ['["A","B"]', '{"a":1.0}', "[]", None, None, None, None]
    assert sorted(reasons) == [4, 5, 6]
    with pytest.raises(Unreadable):
        read_json(["\ud800"])


def test_reasons_are_short_and_printable() -> None:
    with pytest.raises(Unreadable) as refused:
        read_text("\0" * 10_000)
    assert len(str(refused.value)) < 200
    assert str(refused.value).isprintable()
