"""Alpha Vantage: every recorded payload is rows or the named error that its content means."""

from datetime import UTC, date, datetime

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
from ingestion.sources import alpha_vantage
from tests.shared import PAYLOADS, need
from tests.unit.responses import response_of, rows

FOLDER = PAYLOADS / "alpha_vantage"
DAILY = {"daily_IBM_compact.json": 100, "doc_daily_IBM.json": 3, "doc_daily_adjusted_IBM.json": 3}
NEWS = {"news_sentiment_AAPL_2026-10.json": 3}
ERRORS: dict[str, tuple[type[ProviderError], str | None]] = {
    "error_invalid_call.json": (UnknownTicker, None),
    "error_invalid_key.json": (AuthenticationFailed, None),
    "information_burst_1_per_sec.json": (QuotaExhausted, "second"),
    "information_demo_key.json": (NotEntitled, None),
    "information_invalid_inputs_news.json": (MalformedResponse, None),
    "information_outputsize_full_premium.json": (NotEntitled, None),
    "overview_unknown_symbol.json": (UnknownTicker, None),
    "premium_information_daily_adjusted.json": (NotEntitled, None),
    "ratelimit_note_5_per_min.json": (QuotaExhausted, "minute"),
}
OTHER_SHAPES = {
    "currency_exchange_rate_EURUSD.json": "Realtime Currency Exchange Rate",
    "doc_intraday_IBM.json": "Time Series .5min.",
    "doc_quote_IBM.json": "Global Quote",
    "doc_weekly_adjusted_IBM.json": "Weekly Adjusted Time Series",
    "earnings_TSLA.json": "annualEarnings",
    "fx_daily_CHFUSD.json": "Time Series FX .Daily.",
    "global_quote_MSFT.json": "Global Quote",
    "intraday_15min_AAPL.json": "Time Series .15min.",
    "intraday_15min_AAPL_2023-01.csv": "found intraday ones",
    "intraday_extended.csv": "'time'",
    "intraday_extended_IBM.csv": "'time'",
    "overview_TSLA.json": "found",
    "symbol_search_ibm.json": "bestMatches",
}


def read(name: str) -> bytes:
    return need(FOLDER / name).read_bytes()


def test_every_payload_is_accounted_for() -> None:
    files = {path.name for path in need(FOLDER).iterdir() if not path.name.endswith(".meta.json")}
    assert files == {*DAILY, *NEWS, *ERRORS, *OTHER_SHAPES}


@pytest.mark.parametrize("name", DAILY)
def test_daily_payloads_become_rows(name: str) -> None:
    assert alpha_vantage.diagnose(200, {}, read(name)) is None
    parsed = alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", read(name), ticker="IBM"))
    assert (parsed.tables["daily"].num_rows, parsed.rejected) == (DAILY[name], [])
    assert not set(parsed.tables["daily"].schema.names) - {*alpha_vantage.DAILY.schema.names, "_row_number"}


@pytest.mark.parametrize("name", ERRORS)
def test_failures_at_http_200_are_named(name: str) -> None:
    kind, period = ERRORS[name]
    error = alpha_vantage.diagnose(200, {}, read(name))
    assert type(error) is kind
    assert getattr(error, "period", None) == period


@pytest.mark.parametrize("name", OTHER_SHAPES)
def test_other_series_are_rejected_with_what_was_found(name: str) -> None:
    assert alpha_vantage.diagnose(200, {}, read(name)) is None
    with pytest.raises(MalformedResponse, match=OTHER_SHAPES[name]) as refused:
        alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", read(name)))
    assert "expected" in str(refused.value)


def test_intraday_bars_are_named_though_their_time_is_damaged() -> None:
    body = b"timestamp,open,high,low,close,volume\r\n2023-01-31 15:4\x80:00,1,1,1,1,1\r\n"
    with pytest.raises(MalformedResponse, match="found intraday ones"):
        alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", body, ticker="IBM"))


@pytest.mark.parametrize("name", sorted({*DAILY, *OTHER_SHAPES}))
def test_the_news_parser_refuses_everything_else(name: str) -> None:
    with pytest.raises(MalformedResponse, match="expected"):
        alpha_vantage.parse_news(response_of("alpha_vantage", "news", read(name)))


def test_json_bars_have_the_values_of_the_payload() -> None:
    body = read("doc_daily_adjusted_IBM.json")
    first = rows(alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", body)), "daily")[0]
    assert first == {
        "symbol": "IBM",
        "date": date(2021, 10, 29),
        "open": 125.43,
        "high": 126.32,
        "low": 124.91,
        "close": 125.1,
        "adjusted_close": 125.1,
        "volume": 5916789.0,
        "dividend_amount": 0.0,
        "split_coefficient": 1.0,
        "last_refreshed": "2021-10-29",
        "time_zone": "US/Eastern",
        "_row_number": 0,
    }


def test_csv_and_json_give_the_same_bars() -> None:
    """The CSV as the documentation describes it, made from the recorded JSON."""
    for name in ("daily_IBM_compact.json", "doc_daily_adjusted_IBM.json"):
        body = read(name)
        series = orjson.loads(body)["Time Series (Daily)"]
        header = [key.split(". ")[1].replace(" ", "_") for key in next(iter(series.values()))]
        lines = [",".join(["timestamp", *header])] + [",".join([day, *bar.values()]) for day, bar in series.items()]
        text = "\r\n".join([*lines, ""])
        assert alpha_vantage.diagnose(200, {}, text.encode()) is None
        from_csv = rows(alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", text, ticker="IBM")), "daily")
        from_json = rows(alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", body)), "daily")
        for row in from_json:
            del row["last_refreshed"], row["time_zone"]
        assert from_csv == from_json


def test_bad_lines_of_csv_are_rejected_one_by_one() -> None:
    text = (
        "timestamp,open,high,low,close,volume\r\n2023-11-10,1,2,1,2,3\r\n2023-11-09,1,2,1\r\n"
        "2023-11-08,1,2,1,nan,3\r\n,1,2,1,2,3\r\n2023-11-07,1,2,1,2,31"
    )
    parsed = alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", text, ticker="IBM"))
    assert [(r.row_number, r.reason) for r in sorted(parsed.rejected, key=lambda r: r.row_number or 0)] == [
        (1, "expected 6 fields, found 4"),
        (2, "close: 'nan' is not a number"),
        (3, "date: missing"),
        (4, "the last line has no newline: the file was cut inside it"),
    ]
    assert parsed.tables["daily"].num_rows == 1


def test_forex_csv_without_volume_is_rejected() -> None:
    with pytest.raises(MalformedResponse, match="expected the columns volume too"):
        alpha_vantage.parse_daily(
            response_of("alpha_vantage", "daily", "timestamp,open,high,low,close\r\n", ticker="X")
        )


def test_a_series_of_another_symbol_is_rejected() -> None:
    with pytest.raises(MalformedResponse, match="requested MSFT, received IBM"):
        alpha_vantage.parse_daily(response_of("alpha_vantage", "daily", read("doc_daily_IBM.json"), ticker="MSFT"))


def test_articles_have_the_values_of_the_payload() -> None:
    first = rows(
        alpha_vantage.parse_news(response_of("alpha_vantage", "news", read("news_sentiment_AAPL_2026-10.json"))), "news"
    )[0]
    assert first["time_published"] == datetime(2026, 10, 4, 11, 21, 43, tzinfo=UTC)
    assert first["authors"] == "[]"
    assert first["overall_sentiment_score"] == 0.189036
    assert orjson.loads(str(first["ticker_sentiment"]))[0] == {
        "ticker": "AAPL",
        "relevance_score": "1.000000",
        "ticker_sentiment_score": "0.259639",
        "ticker_sentiment_label": "Somewhat-Bullish",
    }


def test_no_articles_is_no_failure() -> None:
    told = b'{"Information": "No articles found. Please adjust the time range or refer to the API documentation"}'
    for body in (told, b'{"items": "0", "feed": []}'):
        assert alpha_vantage.diagnose(200, {}, body) is None
        assert alpha_vantage.parse_news(response_of("alpha_vantage", "news", body)).rows_received == 0


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, b'{"Information": "We have detected your API key as X and our rate limit is 25 requests per day."}',
         QuotaExhausted),
        (200, b'{"Note": "something new"}', MalformedResponse),
        (200, b"", MalformedResponse),
        (200, b"<html><body>busy</body></html>", MalformedResponse),
        (200, b'{"Meta Data": {"1. Inf', MalformedResponse),
        (429, b"", QuotaExhausted),
        (503, b"<html></html>", ProviderUnavailable),
    ],
)  # fmt: skip
def test_other_failures_are_named(status: int, body: bytes, kind: type[ProviderError]) -> None:
    error = alpha_vantage.diagnose(status, {}, body)
    assert type(error) is kind
    if b"per day" in body:
        assert getattr(error, "period", None) == "day"
