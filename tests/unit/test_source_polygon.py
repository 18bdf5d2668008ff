"""Polygon: every recorded payload is rows or the named error that its content means."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    UnknownTicker,
)
from ingestion.model import Parsed, Response
from ingestion.sources import polygon
from tests.shared import PAYLOADS, need
from tests.unit.responses import response_of, rows

FOLDER = PAYLOADS / "polygon"
# file: parser and rows kept, or HTTP status and the error that the response means
ROWS: dict[str, tuple[Callable[[Response], Parsed], int]] = {
    "aggs_AAPL_1day_2020-06.json": (polygon.parse_aggs, 13),
    "aggs_AAPL_1day_2023-01.json": (polygon.parse_aggs, 6),
    "mock_aggs_range.json": (polygon.parse_aggs, 2),
    # Ten splits, and the description of the page.
    "mock_splits.json": (polygon.parse_splits, 11),
    "mock_tickers_page2.json": (polygon.parse_tickers, 2),
    "news_AAPL_2025-09.json": (polygon.parse_news, 2),
}
EXAMPLES: dict[str, tuple[Callable[[Response], Parsed], int]] = {
    "spec_grouped.json": (polygon.parse_grouped_daily, 3),
    "spec_news.json": (polygon.parse_news, 1),
    "spec_tickers.json": (polygon.parse_tickers, 1),
}
ERRORS: dict[str, tuple[int, type[ProviderError]]] = {
    "error_401_missing_key.json": (401, AuthenticationFailed),
    "error_401_unknown_key.json": (401, AuthenticationFailed),
    "error_403_not_entitled.json": (403, NotEntitled),
    "error_403_timeframe.json": (403, NotEntitled),
    "error_403_today.json": (403, NotEntitled),
}
OTHER_SHAPES = {
    "legacy_v1_meta_company_TSLA.json",
    "mock_market_upcoming.json",
    "mock_ticker_details.json",
}
PARSERS: tuple[Callable[[Response], Parsed], ...] = (
    polygon.parse_grouped_daily,
    polygon.parse_aggs,
    polygon.parse_tickers,
    polygon.parse_news,
    polygon.parse_splits,
    polygon.parse_dividends,
)
LISTS = (polygon.parse_splits, polygon.parse_dividends)


def read(name: str) -> bytes:
    return need(FOLDER / name).read_bytes()


def polygon_response(body: bytes, **params: str) -> Response:
    return response_of("polygon", "x", body, session="2020-10-14", **params)


def test_every_payload_is_accounted_for() -> None:
    files = {path.name for path in need(FOLDER).iterdir() if not path.name.endswith(".meta.json")}
    assert files == {*ROWS, *EXAMPLES, *ERRORS, *OTHER_SHAPES}


@pytest.mark.parametrize("name", ROWS)
def test_payloads_become_rows(name: str) -> None:
    parse, count = ROWS[name]
    body = read(name)
    assert polygon.diagnose(200, {}, body) is None
    parsed = parse(polygon_response(body))
    assert (parsed.rows_received, parsed.rejected) == (count, [])


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_vendors_examples_become_rows(name: str) -> None:
    parse, count = EXAMPLES[name]
    parsed = parse(polygon_response(orjson.dumps(orjson.loads(read(name))["example"])))
    assert (parsed.rows_received, parsed.rejected) == (count, [])


@pytest.mark.parametrize("name", ERRORS)
def test_error_payloads_are_named(name: str) -> None:
    status, kind = ERRORS[name]
    body = read(name)
    error = polygon.diagnose(status, {}, body)
    assert type(error) is kind
    told = orjson.loads(body)
    assert (told.get("error") or told["message"]) in str(error)
    assert type(polygon.diagnose(200, {}, body)) is kind, "the same body at HTTP 200"


@pytest.mark.parametrize("name", sorted(OTHER_SHAPES | EXAMPLES.keys()))
@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
def test_other_shapes_are_rejected_with_what_was_found(name: str, parse: Callable[[Response], Parsed]) -> None:
    with pytest.raises(MalformedResponse, match=r"expected .* found"):
        parse(polygon_response(read(name)))


@pytest.mark.parametrize("name", ROWS)
def test_no_parser_accepts_the_response_of_another_endpoint(name: str) -> None:
    for parse in [parse for parse in PARSERS if parse is not ROWS[name][0]]:
        with pytest.raises(MalformedResponse):
            parse(polygon_response(read(name)))


def test_volumes_in_exponents_and_dates_in_new_york() -> None:
    first, second = rows(polygon.parse_aggs(polygon_response(read("aggs_AAPL_1day_2020-06.json"))), "bars")[:2]
    assert first == {
        "ticker": "AAPL",
        "date": date(2020, 6, 1),
        "open": 79.4375,
        "high": 80.5875,
        "low": 79.3025,
        "close": 80.4625,
        "volume": 81000752.0,
        "vwap": 80.2125,
        "timestamp": 1590984000000,
        "transactions": 231707,
        "adjusted": True,
        "_row_number": 0,
    }
    assert second["date"] == date(2020, 6, 2)
    winter = rows(polygon.parse_aggs(polygon_response(read("aggs_AAPL_1day_2023-01.json"))), "bars")
    assert [row["date"] for row in winter][:2] == [date(2023, 1, 3), date(2023, 1, 4)]


def grouped(*bars: Any, **outer: Any) -> bytes:
    return orjson.dumps({"status": "OK", "resultsCount": len(bars), "adjusted": False, "results": bars, **outer})


BAR: dict[str, object] = {
    "T": "KIMpL",
    "o": 1.0,
    "h": 2,
    "l": 1,
    "c": 1.5,
    "v": 4369,
    "vw": 1.2,
    "t": 1602705600000,
    "n": 3,
}


def test_grouped_bars_are_of_the_requested_session() -> None:
    body = grouped(BAR, BAR | {"T": "B", "otc": True}, BAR | {"T": "LATE", "t": 1602792000000})
    parsed = polygon.parse_grouped_daily(polygon_response(body))
    assert [(r["ticker"], r["date"], r["otc"], r["adjusted"]) for r in rows(parsed, "bars")] == [
        ("KIMpL", date(2020, 10, 14), None, False),
        ("B", date(2020, 10, 14), True, False),
    ]
    assert [r.reason for r in parsed.rejected] == ["t: the bar is of 2020-10-15, 2020-10-14 was requested"]


@pytest.mark.parametrize("t", [1602648000000, 1602705600000, 1602720000000, 1602734400000])
def test_windows_may_end_at_any_time_of_their_session(t: int) -> None:
    assert not polygon.parse_grouped_daily(polygon_response(grouped(BAR | {"t": t}))).rejected


@pytest.mark.parametrize("t", [10**18, -(10**18), 1e300, "soon", None, True, [1]])
def test_bars_with_a_broken_time_are_rejected_or_keep_their_session(t: object) -> None:
    body = grouped(BAR | {"t": t})
    assert polygon.parse_grouped_daily(polygon_response(body)).rows_received == 1
    aggs = polygon.parse_aggs(polygon_response(grouped(BAR | {"t": t}, ticker="KIMpL")))
    assert len(aggs.rejected) == 1
    assert "is not a time" in aggs.rejected[0].reason


def test_prices_that_are_no_numbers_refuse_their_bar() -> None:
    body = grouped(BAR, BAR | {"T": "A"}, BAR | {"T": "B", "c": "n/a"}).replace(b'"A","o":1.0', b'"A","o":NaN')
    parsed = polygon.parse_grouped_daily(polygon_response(body))
    assert [r.reason for r in parsed.rejected] == ["open: 'NaN' is not a number", "close: 'n/a' is not a number"]
    assert parsed.tables["bars"].num_rows == 1


@pytest.mark.parametrize("parse", PARSERS, ids=lambda parse: parse.__name__)
@pytest.mark.parametrize(
    "body",
    [
        b'{"queryCount":0,"resultsCount":0,"adjusted":true,"status":"OK","request_id":"x"}',
        b'{"ticker":"ZZZZ","queryCount":0,"resultsCount":0,"adjusted":true,"status":"DELAYED","count":0}',
        b'{"results":[],"status":"OK","count":0}',
    ],
)
def test_no_data_is_an_empty_table(parse: Callable[[Response], Parsed], body: bytes) -> None:
    assert polygon.diagnose(200, {}, body) is None
    counts = {name: kept.num_rows for name, kept in parse(polygon_response(body)).tables.items()}
    # An empty list is a whole list too: all its former rows are withdrawn.
    assert counts.pop("listings", 1) == 1
    assert not any(counts.values())


def test_aggregates_of_another_ticker_are_rejected() -> None:
    with pytest.raises(MalformedResponse, match="requested MSFT, received AAPL"):
        polygon.parse_aggs(polygon_response(read("mock_aggs_range.json"), ticker="MSFT"))


def test_articles_carry_their_publisher_and_nested_lists_as_json() -> None:
    first = rows(polygon.parse_news(polygon_response(read("news_AAPL_2025-09.json"))), "news")[0]
    assert first["publisher_name"] == "Investing.com"
    assert first["published_utc"] == datetime(2025, 9, 23, 14, 32, tzinfo=UTC)
    assert orjson.loads(str(first["tickers"]))[0] == "AAPL"
    assert orjson.loads(str(first["insights"]))[0]["sentiment"] == "positive"
    assert not [name for name in first if name not in [*polygon.NEWS.schema.names, "_row_number"]]


def test_articles_with_a_broken_time_are_rejected() -> None:
    body = read("news_AAPL_2025-09.json").replace(b"2025-09-23T14:32:00Z", b"2025-09-23 soon")
    parsed = polygon.parse_news(polygon_response(body))
    assert parsed.rejected[0].reason == "published_utc: '2025-09-23 soon' is not a time that can be read"
    assert parsed.rows_received == 2


def test_splits_describe_their_page() -> None:
    body = read("mock_splits.json")
    first = body.replace(b'"status"', b'"next_url": "https://api.polygon.io/v3/reference/splits?cursor=x", "status"')
    parsed = polygon.parse_splits(polygon_response(first, **{"execution_date.gte": "2022-05-01"}))
    assert rows(parsed, "splits")[7] == {
        "ticker": "BRW",
        "execution_date": date(2022, 5, 20),
        "split_from": 2.0,
        "split_to": 1.0,
        "_row_number": 7,
    }
    assert rows(parsed, "listings") == [
        {
            "entity": "splits",
            "listed_from": date(2022, 5, 1),
            "is_last": False,
            "row_count": 10,
            "refused_count": 0,
            "_row_number": 10,
        }
    ]
    broken = body.replace(b'"split_to": 20', b'"split_to": "many"', 1)
    last = polygon.parse_splits(polygon_response(broken))
    page = last.tables["listings"].to_pylist()[0]
    assert (page["listed_from"], page["is_last"], page["row_count"], page["refused_count"]) == (None, True, 9, 1)
    assert last.rows_received == 11


def test_dividends_keep_their_terms() -> None:
    dividend = {
        "cash_amount": 0.22,
        "currency": "USD",
        "declaration_date": "2021-10-28",
        "dividend_type": "CD",
        "ex_dividend_date": "2021-11-05",
        "frequency": 4,
        "id": "E416a068758f85277196150c3eb73a3963ce859c4abbb",
        "pay_date": "2021-11-11",
        "record_date": "2021-11-08",
        "ticker": "AAPL",
    }
    undated = {"ticker": "B", "cash_amount": 1, "ex_dividend_date": "2021-11-05", "declaration_date": ""}
    nameless = {**undated, "ex_dividend_date": None}
    body = orjson.dumps({"status": "OK", "results": [dividend, undated, nameless]})
    parsed = polygon.parse_dividends(polygon_response(body))
    first, second = rows(parsed, "dividends")
    assert first | {"_row_number": 0} == first
    assert (first["cash_amount"], first["frequency"], first["declaration_date"]) == (0.22, 4, date(2021, 10, 28))
    assert (second["cash_amount"], second["declaration_date"]) == (1.0, None)
    assert [r.row_number for r in parsed.rejected] == [2]


def test_lists_of_actions_begin_with_their_overlap_and_have_no_end() -> None:
    for endpoint in polygon.SOURCE.endpoints:
        if endpoint.name in ("splits", "dividends"):
            assert endpoint.overlap.days == 30
            assert [name for name in endpoint.params if name.endswith((".gte", ".lte"))] == [
                "execution_date.gte" if endpoint.name == "splits" else "ex_dividend_date.gte"
            ]


def test_the_next_page_is_followed_and_only_to_an_address() -> None:
    assert str(polygon.next_page(polygon_response(read("news_AAPL_2025-09.json")))).startswith("https://api.polygon.io")
    assert polygon.next_page(polygon_response(read("mock_tickers_page2.json"))) is None
    for odd in (None, 1, "", "file:///etc/passwd", ["https://x"]):
        assert polygon.next_page(polygon_response(orjson.dumps({"next_url": odd}))) is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b'{"status":"ERROR","error":"You\'ve exceeded the maximum requests per minute"}', QuotaExhausted),
        (200, b'{"status":"ERROR","error":"You\'ve exceeded the maximum requests per minute"}', QuotaExhausted),
        (404, b'{"status":"NOT_FOUND","message":"Ticker not found."}', UnknownTicker),
        (404, b"404 page not found", MalformedResponse),
        (400, b'{"status":"ERROR","error":"The parameter \'to\' cannot be parsed"}', MalformedResponse),
        (500, b"", ProviderUnavailable),
        (502, b"<html>Bad Gateway</html>", ProviderUnavailable),
        (200, b"", MalformedResponse),
        (200, b"<!DOCTYPE html><html></html>", MalformedResponse),
        (200, b'{"status":"OK","results":[{"T":"A"', MalformedResponse),
        (200, b'{"status":"ERROR","error":"something new"}', MalformedResponse),
    ],
)
def test_failures_are_named(status: int, body: bytes, kind: type[ProviderError]) -> None:
    error = polygon.diagnose(status, {"retry-after": "12"}, body)
    assert type(error) is kind
    if isinstance(error, QuotaExhausted):
        assert error.period == "minute"
        assert error.retry_after == (12.0 if status == 429 else None)


def test_ten_thousand_grouped_bars_are_all_kept() -> None:
    body = grouped(*(BAR | {"T": f"T{n}", "v": n * math.pi} for n in range(10_000)))
    assert polygon.parse_grouped_daily(polygon_response(body)).tables["bars"].num_rows == 10_000
