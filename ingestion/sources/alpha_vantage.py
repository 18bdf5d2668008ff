"""Alpha Vantage: daily prices (CSV or JSON, plain or adjusted) and news with sentiment, one stock a call.

Formats: https://www.alphavantage.co/documentation/. Every failure comes with HTTP 200 and a `Note`, `Information` or
`Error Message`; numbers of the time series and the tickers' scores are strings. Free: 25 calls a day, 1 a second.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    QuotaExhausted,
    UnknownTicker,
)
from ingestion.model import ApiKey, Endpoint, Parsed, Rate, Response, Source
from ingestion.parsing.assemble import snake_case
from ingestion.parsing.delimited import parse_delimited
from ingestion.parsing.diagnosis import failure_of_status, message_of, unusable_body
from ingestion.parsing.json_body import decode_json
from ingestion.parsing.layout import Layout
from ingestion.parsing.records import parse_records
from ingestion.parsing.rejection import found, json_object, reject
from ingestion.parsing.schema import table

DAILY = table(
    "daily",
    "One daily bar of one stock, as traded; adjusted figures only from the adjusted function.",
    "symbol ticker! Ticker as Alpha Vantage writes it.",
    "date session! Session of the bar, the exchange's own date.",
    "open price First price of the session.",
    "high price Highest price of the session.",
    "low price Lowest price of the session.",
    "close price Last price of the session, as traded.",
    "volume volume Shares traded.",
    "adjusted_close adjusted_price Close adjusted for splits and dividends.",
    "dividend_amount amount Dividend that went ex on this date, per share.",
    "split_coefficient split_ratio Shares after a split for one before; 1 on other days.",
    "last_refreshed text When the series was last refreshed, as written (JSON only).",
    "time_zone text Time zone of the dates (JSON only).",
)
NEWS = table(
    "news",
    "One news article with Alpha Vantage's sentiment, overall and for each ticker it mentions.",
    "title text Headline.",
    "url text Address of the article.",
    "time_published timestamptz! When the article was published.",
    "authors json Authors, a JSON array of strings.",
    "summary text Summary.",
    "banner_image text Address of its picture.",
    "source text Outlet.",
    "source_domain text Host name of the outlet (since 2026 its name).",
    "category_within_source text The outlet's own section.",
    "topics json JSON array of {topic, relevance_score}.",
    "overall_sentiment_score score From -1 (bearish) to 1 (bullish).",
    "overall_sentiment_label text The score in words.",
    "ticker_sentiment json JSON array of {ticker, relevance_score, ticker_sentiment_score, ticker_sentiment_label}.",
)
NO_ARTICLES = "no articles found"
MOST_ARTICLES = 1000
ARTICLES = {"function": "NEWS_SENTIMENT", "limit": str(MOST_ARTICLES), "sort": "EARLIEST"}


def diagnose(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError | None:
    """The error that a response means, mostly with HTTP 200. An empty object is an unknown ticker."""
    if error := failure_of_status(status, headers, message_of(body, "Information", "Error Message", "Note")):
        return error
    if error := unusable_body(body):
        return error
    if not _is_json(body):
        return None
    try:
        content = decode_json(body)
    except ValueError as problem:
        return MalformedResponse(str(problem))
    if content == {}:
        return UnknownTicker("an empty response")
    keys = [key for key in ("Error Message", "Information", "Note") if isinstance(content, dict) and key in content]
    if not keys or len(content) > len(keys) or NO_ARTICLES in str(content[keys[0]]).lower():
        return None
    return _meaning(" ".join(str(content[key]) for key in keys))


def _meaning(message: str) -> ProviderError:
    """The error that a message means. The burst message names the daily cap too, and all of them mention premium."""
    words = message.lower()
    if re.search(r"per second|sparingly|burst", words):
        return QuotaExhausted(message, period="second", retry_after=1.0)
    if "per minute" in words:
        return QuotaExhausted(message, period="minute", retry_after=60.0)
    if "per day" in words or "daily rate limit" in words:
        return QuotaExhausted(message, period="day")
    if "apikey is invalid or missing" in words:
        return AuthenticationFailed(message)
    if "demo" in words or "premium" in words:
        return NotEntitled(message)
    if "invalid api call" in words:
        return UnknownTicker(message)
    return MalformedResponse(f"the provider rejects the request: {message}")


def _is_json(body: bytes) -> bool:
    return body[:100].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def parse_daily(response: Response) -> Parsed:
    """Daily bars from CSV (which has no symbol: the one requested) or JSON. Rejects any other series."""
    if _is_json(response.body):
        return _parse_daily_json(response)
    first_date = response.body.split(b"\n", 2)[1:2]
    if response.body.startswith(b"timestamp,") and first_date and re.match(rb"[\d-]{10} \d\d:", first_date[0]):
        reject(response, f"expected daily bars, found intraday ones ({first_date[0][:19].decode(errors='replace')})")
    layout = Layout(DAILY, synonyms={"date": ("timestamp",)}, needs=("open", "high", "low", "close", "volume"))
    return parse_delimited(layout, response, constants={"symbol": response.params.get("ticker")})


def _parse_daily_json(response: Response) -> Parsed:
    body = json_object(response)
    meta, series = body.get("Meta Data"), body.get("Time Series (Daily)")
    if not isinstance(meta, dict) or not isinstance(series, dict):
        reject(response, f"expected 'Meta Data' and 'Time Series (Daily)', found {found(body)}")
    about = _unnumbered(meta)
    symbol = about.get("symbol")
    requested = response.params.get("ticker", symbol)
    if str(symbol).upper() != str(requested).upper():
        reject(response, f"requested {requested}, received {symbol}")
    bars = [_unnumbered(bar) | {"date": day} if isinstance(bar, dict) else bar for day, bar in series.items()]
    constants = {"symbol": symbol} | {name: about.get(name) for name in ("last_refreshed", "time_zone")}
    return parse_records(DAILY, bars, constants=constants)


def _unnumbered(record: Mapping[str, Any]) -> dict[str, Any]:
    """Keys such as "5. adjusted close" as column names: the numbers differ between functions."""
    named: dict[str, Any] = {}
    for key, value in record.items():
        name = snake_case(re.sub(r"^\d+\. ", "", key))
        named[key if name in named else name] = value
    return named


def parse_news(response: Response) -> Parsed:
    """Articles of the `feed`."""
    body = json_object(response)
    feed = body.get("feed")
    if NO_ARTICLES in str(body.get("Information", "")).lower():
        feed = []
    if not isinstance(feed, list) or (feed and not any(isinstance(a, dict) and "time_published" in a for a in feed)):
        reject(response, f"expected articles under 'feed', found {found(body)}")
    return parse_records(NEWS, feed)


def next_news(response: Response) -> str | None:
    """The URL of the articles after a full response: from the minute of its last article. None at the end."""
    feed = json_object(response).get("feed")
    if not isinstance(feed, list) or len(feed) < MOST_ARTICLES:
        return None
    first, last = ((a.get("time_published", "") if isinstance(a, dict) else "")[:13] for a in (feed[0], feed[-1]))
    if first == last:
        reject(response, f"{len(feed)} articles in one minute, {last!r}: what follows them cannot be requested")
    return f"/query?{urlencode({**ARTICLES, 'tickers': response.params['ticker'], 'time_from': last})}"


SOURCE = Source(
    name="alpha_vantage",
    description="Daily prices and news with sentiment from Alpha Vantage.",
    tables=(DAILY, NEWS),
    base_url="https://www.alphavantage.co",
    key=ApiKey("query", "apikey"),
    rates=(Rate(1, 1), Rate(25, 86400)),
    endpoints=(
        Endpoint(
            name="daily",
            path="/query",
            parse=parse_daily,
            each="ticker",
            params={
                "function": "TIME_SERIES_DAILY",
                "symbol": "{ticker}",
                "outputsize": "compact",
                "datatype": "csv",
            },
        ),
        Endpoint(
            name="news",
            path="/query",
            parse=parse_news,
            each="ticker",
            params={
                **ARTICLES,
                "tickers": "{ticker}",
                "time_from": "{since:%Y%m%dT%H%M}",
                "time_to": "{until:%Y%m%dT%H%M}",
            },
            overlap=timedelta(days=3),  # articles arrive late
            next_page=next_news,
        ),
    ),
    diagnose=diagnose,
)
