"""Polygon (now Massive): daily bars of US stocks, reference tickers, splits, dividends and news.

Formats: https://polygon.io/docs/rest/stocks. Volumes come as exponent floats; `t` is the window's start in per-ticker
aggregates and its end in grouped ones; no data is a body without `results`. Free plan: 5 calls a minute, end of day.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.errors import (
    AuthenticationFailed,
    MalformedResponse,
    NotEntitled,
    ProviderError,
    QuotaExhausted,
    UnknownTicker,
)
from ingestion.model import ApiKey, Endpoint, Parsed, Rate, Response, Source, Table
from ingestion.parsing.assemble import assemble
from ingestion.parsing.bounds import split_fault
from ingestion.parsing.diagnosis import failure_of_status, message_of, unusable_body
from ingestion.parsing.json_body import decode_json
from ingestion.parsing.records import numbers, parse_records
from ingestion.parsing.rejection import found, json_object, reject
from ingestion.parsing.schema import table
from ingestion.parsing.values import show

BARS = table(
    "bars",
    "One daily bar of one US stock, as sent by the grouped daily or the per-ticker aggregates endpoint.",
    "ticker ticker! Ticker as Polygon writes it (case matters: BRK.B, KIMpL).",
    "date session! Session of the bar, the exchange's own date.",
    "open price First price of the session, USD.",
    "high price Highest price of the session, USD.",
    "low price Lowest price of the session, USD.",
    "close price Last price of the session, USD.",
    "volume volume Shares traded.",
    "vwap price Volume-weighted average price, USD.",
    "timestamp bigint Start (aggregates) or end (grouped daily) of the bar's window, epoch milliseconds.",
    "transactions count Number of trades in the window.",
    "otc boolean True for over-the-counter securities; absent otherwise.",
    "adjusted boolean Whether the prices were adjusted for splits.",
)
TICKERS = table(
    "tickers",
    "One security of Polygon's reference data, as of the day of the request.",
    "ticker ticker! Ticker as Polygon writes it.",
    "name text Name of the security or its issuer.",
    "market text Market: stocks, otc, …",
    "locale text Locale: us or global.",
    "primary_exchange text Listing exchange as a market identifier code (MIC).",
    "type text Type of the security: CS, ETF, ADRC, …",
    "active boolean Whether the security is traded.",
    "currency_name text Trading currency, lower case.",
    "cik code SEC central index key, zero-padded to ten digits.",
    "composite_figi code Composite OpenFIGI identifier.",
    "share_class_figi code Share class OpenFIGI identifier.",
    "delisted_utc timestamptz Last moment the security was listed.",
    "last_updated_utc timestamptz When Polygon last updated the record.",
)
NEWS = table(
    "news",
    "One news article with the tickers it mentions and Polygon's sentiment for each.",
    "id text! Polygon's identifier of the article.",
    "publisher_name text Name of the outlet.",
    "publisher_homepage_url text Home page of the outlet.",
    "title text Headline.",
    "author text Author as printed.",
    "published_utc timestamptz! When the article was published.",
    "article_url text Address of the article.",
    "amp_url text Address of its mobile version.",
    "image_url text Address of its picture.",
    "description text Summary.",
    "tickers json Tickers that the article is about, a JSON array of strings.",
    "keywords json Key words, a JSON array of strings.",
    "insights json JSON array of {ticker, sentiment, sentiment_reasoning}.",
)
SPLITS = table(
    "splits",
    "One split of one stock, as listed on the day of the request.",
    "ticker ticker! Ticker as Polygon writes it.",
    "execution_date date! First session that trades in new shares.",
    "split_from split_shares! Shares before, for each `split_to` after.",
    "split_to split_shares! Shares after, for each `split_from` before.",
    "id text Polygon's identifier of the split.",
)
DIVIDENDS = table(
    "dividends",
    "One cash dividend of one stock, as listed on the day of the request.",
    "ticker ticker! Ticker as Polygon writes it.",
    "ex_dividend_date date! First session that trades without the dividend.",
    "cash_amount amount! Amount a share, in `currency`.",
    "currency text Currency of the amount.",
    "declaration_date date Day it was declared.",
    "record_date date Day on which holders are recorded.",
    "pay_date date Day it is paid.",
    "frequency payments Payments a year; 0 for one that is paid once.",
    "dividend_type text CD regular, SC special, LT and ST capital gains.",
    "id text Polygon's identifier of the dividend.",
)
LISTINGS = table(
    "listings",
    "One page of a list of splits or dividends: a row that is missing from a whole list was withdrawn.",
    "entity text! Raw table of the rows listed: splits or dividends.",
    "listed_from date First execution or ex-dividend date of the list; on its first page only.",
    "is_last boolean! Whether the list ends with this page.",
    "row_count bigint Rows on the page that could be read.",
    "refused_count bigint Rows on the page that were rejected.",
)

NEW_YORK = ZoneInfo("America/New_York")
SHORT_KEYS = {
    "o": "open",
    "h": "high",
    "l": "low",
    "c": "close",
    "v": "volume",
    "vw": "vwap",
    "t": "timestamp",
    "n": "transactions",
}
WORDINGS: tuple[tuple[str, type[ProviderError]], ...] = (
    ("api key", AuthenticationFailed),
    ("maximum requests", QuotaExhausted),
    ("not entitled", NotEntitled),
    ("your plan", NotEntitled),
    ("not found", UnknownTicker),
)


def diagnose(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError | None:
    """The error that a response means; 401 and 429 bodies explain it in `error`, 403 bodies in `message`."""
    message = message_of(body, "error", "message")
    if status == 404 and b"NOT_FOUND" in body:
        return UnknownTicker(message or "HTTP 404")
    if error := failure_of_status(status, headers, message) or unusable_body(body):
        return error
    try:
        content = decode_json(body)
    except ValueError as problem:
        return MalformedResponse(str(problem))
    if not isinstance(content, dict) or content.get("status") not in ("ERROR", "NOT_AUTHORIZED", "NOT_FOUND"):
        return None
    kind = next((kind for words, kind in WORDINGS if words in message.lower()), MalformedResponse)
    return kind(f"{content['status']}: {message}" if message else f"status {content['status']}")


def _results(response: Response, shape: str, *keys: str) -> tuple[dict[str, Any], list[Any]]:
    """The body and its `results`; rejects the response if no result has the `keys` of the documented shape."""
    body = json_object(response)
    results = body.get("results")
    if results is None and body.get("status") in ("OK", "DELAYED") and not body.get("resultsCount"):
        return body, []
    if not isinstance(results, list):
        reject(response, f"expected {shape} under 'results', found {found(body)}")
    if results and not any(isinstance(row, dict) and row.keys() >= set(keys) for row in results):
        some = next((row for row in results if isinstance(row, dict)), {})
        reject(response, f"expected {shape} ({', '.join(keys)}), found rows of {found(some)}")
    return body, results


def parse_grouped_daily(response: Response) -> Parsed:
    """The bars of all stocks in one session; rejects a bar whose window ends on another day."""
    body, results = _results(response, "grouped bars", "T", "o", "c", "t")
    session = response.params["session"]
    # `t` ends the window: at 16:00 in New York, or at midnight. All bars share a few values of it.
    wrong = {
        time: _new_york_date(time)
        for time in numbers(results, "t")
        if session not in (_new_york_date(time), _new_york_date(time - 1))
    }
    rejections = {
        place: f"t: the bar is of {wrong[row['t']]}, {session} was requested"
        for place, row in enumerate(results if wrong else ())
        if isinstance(row, dict) and type(row.get("t")) in (int, float) and row["t"] in wrong
    }
    constants = {"date": session, "adjusted": body.get("adjusted")}
    return parse_records(
        BARS, results, rename={"T": "ticker", **SHORT_KEYS}, constants=constants, rejections=rejections
    )


def parse_aggs(response: Response) -> Parsed:
    """One stock's bars over a range; the date is that of `t`, the window's start, in New York."""
    body, results = _results(response, "aggregates", "o", "c", "t")
    ticker = body.get("ticker")
    requested = response.params.get("ticker", ticker)
    if results and (not isinstance(ticker, str) or ticker.upper() != str(requested).upper()):
        reject(response, f"requested {requested}, received {ticker}")
    rows = [
        {**row, "date": _new_york_date(row["t"]) if _has_time(row) else None} if isinstance(row, dict) else row
        for row in results
    ]
    rejections = {
        place: f"t: {show(row.get('t'))} is not a time in milliseconds"
        for place, row in enumerate(rows)
        if isinstance(row, dict) and row["date"] is None
    }
    constants = {"ticker": ticker, "adjusted": body.get("adjusted")}
    return parse_records(BARS, rows, rename=SHORT_KEYS, constants=constants, rejections=rejections)


def _has_time(row: Any) -> bool:
    return isinstance(row, dict) and type(row.get("t")) in (int, float)


def _new_york_date(milliseconds: float) -> str | None:
    """The exchange's date of a time in milliseconds; None for a number that is no time."""
    try:
        return str(datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(NEW_YORK).date())
    except (ValueError, OverflowError, OSError):
        return None


def parse_tickers(response: Response) -> Parsed:
    """A page of reference tickers."""
    _, results = _results(response, "reference tickers", "ticker", "market")
    return parse_records(TICKERS, results)


def parse_news(response: Response) -> Parsed:
    """A page of articles; the publisher's name and home page become columns; its logos are in landing only."""
    _, results = _results(response, "articles", "id", "published_utc")
    return parse_records(NEWS, [_flat(row) for row in results])


def _flat(article: Any) -> Any:
    if not isinstance(article, dict) or not isinstance(article.get("publisher"), dict):
        return article
    publisher = article["publisher"].items()
    flat = {f"publisher_{key}": value for key, value in publisher if key not in ("logo_url", "favicon_url")}
    flat.update(article)
    del flat["publisher"]
    return flat


def parse_splits(response: Response) -> Parsed:
    """A page of splits, and one row that describes the page."""
    _, results = _results(response, "splits", "ticker", "execution_date", "split_from", "split_to")
    faults = {
        place: split_fault(row.get("split_from"), row.get("split_to"))
        for place, row in enumerate(results)
        if isinstance(row, dict)
    }
    rejections = {place: fault for place, fault in faults.items() if fault}
    return _listed(response, parse_records(SPLITS, results, rejections=rejections), SPLITS, "execution_date.gte")


def parse_dividends(response: Response) -> Parsed:
    """A page of dividends, and one row that describes the page."""
    _, results = _results(response, "dividends", "ticker", "ex_dividend_date", "cash_amount")
    return _listed(response, parse_records(DIVIDENDS, results), DIVIDENDS, "ex_dividend_date.gte")


def _listed(response: Response, parsed: Parsed, entity: Table, since: str) -> Parsed:
    page = {
        "entity": [entity.name],
        "listed_from": [response.params.get(since)],
        "is_last": [not has_more(response)],
        "row_count": [parsed.tables[entity.name].num_rows],
        "refused_count": [len(parsed.rejected)],
    }
    about = assemble(LISTINGS, page, [parsed.rows_received], lambda place: str(page))
    return Parsed(parsed.tables | about.tables, parsed.rejected + about.rejected)


def next_page(response: Response) -> str | None:
    """The URL of the next page, absolute or relative, which contains no key; None if there is none."""
    url = json_object(response).get("next_url")
    return url if isinstance(url, str) and url.startswith(("https://", "http://", "/", "?")) else None


def has_more(response: Response) -> bool:
    """True if another page is named, in whatever way."""
    url = json_object(response).get("next_url")
    return url is not None and not (isinstance(url, str) and not url.strip())


STOCKS = {"market": "stocks", "limit": "1000"}
AS_TRADED = {"adjusted": "false"}
ARTICLES = {
    "published_utc.gte": "{since:%Y-%m-%dT%H:%M:%SZ}",
    "published_utc.lte": "{until:%Y-%m-%dT%H:%M:%SZ}",
    "order": "asc",
    "sort": "published_utc",
    "limit": "1000",
}
LATEST_ARTICLES = timedelta(days=4)  # articles arrive up to three days late
LATEST_ACTIONS = timedelta(days=30)  # they are announced late, corrected and withdrawn


def _listed_since(column: str) -> dict[str, str]:
    """The list from a date on, without an end: announced events are in the future."""
    return {f"{column}.gte": "{since:%Y-%m-%d}", "order": "asc", "sort": column, "limit": "1000"}


SOURCE = Source(
    name="polygon",
    description="Daily bars of the whole US stock market, reference tickers, splits, dividends and news from Polygon.",
    tables=(BARS, TICKERS, NEWS, SPLITS, DIVIDENDS, LISTINGS),
    base_url="https://api.polygon.io",
    key=ApiKey("header", "Authorization", "Bearer {key}"),
    rates=(Rate(5, 60),),
    endpoints=(
        Endpoint(
            name="grouped_daily",
            path="/v2/aggs/grouped/locale/us/market/stocks/{session}",
            parse=parse_grouped_daily,
            each="session",
            params=AS_TRADED,
            overlap=timedelta(days=4),
            not_with_tickers=True,
        ),
        Endpoint(
            name="aggs",
            path="/v2/aggs/ticker/{ticker}/range/1/day/{since:%Y-%m-%d}/{until:%Y-%m-%d}",
            parse=parse_aggs,
            each="ticker",
            params={**AS_TRADED, "limit": "50000"},
            overlap=timedelta(days=4),
            next_page=next_page,
            has_more=has_more,
            only_with_tickers=True,
        ),
        Endpoint(
            name="tickers",
            path="/v3/reference/tickers",
            parse=parse_tickers,
            each="day",
            params={**STOCKS, "active": "true"},
            next_page=next_page,
            has_more=has_more,
            not_with_tickers=True,
        ),
        Endpoint(
            name="tickers_delisted",
            path="/v3/reference/tickers",
            parse=parse_tickers,
            each="day",
            params={**STOCKS, "active": "false"},
            next_page=next_page,
            has_more=has_more,
            not_with_tickers=True,
        ),
        Endpoint(
            name="splits",
            path="/v3/reference/splits",
            parse=parse_splits,
            each="window",
            params=_listed_since("execution_date"),
            overlap=LATEST_ACTIONS,
            next_page=next_page,
            has_more=has_more,
        ),
        Endpoint(
            name="dividends",
            path="/v3/reference/dividends",
            parse=parse_dividends,
            each="window",
            params=_listed_since("ex_dividend_date"),
            overlap=LATEST_ACTIONS,
            next_page=next_page,
            has_more=has_more,
        ),
        Endpoint(
            name="news",
            path="/v2/reference/news",
            parse=parse_news,
            each="window",
            params=ARTICLES,
            overlap=LATEST_ARTICLES,
            next_page=next_page,
            has_more=has_more,
            not_with_tickers=True,
        ),
        Endpoint(
            name="news_of_ticker",
            path="/v2/reference/news",
            parse=parse_news,
            each="ticker",
            params={**ARTICLES, "ticker": "{ticker}"},
            overlap=LATEST_ARTICLES,
            next_page=next_page,
            has_more=has_more,
            only_with_tickers=True,
        ),
    ),
    diagnose=diagnose,
)
