"""Small, hand-made raw data: forty securities over thirty sessions of early 2024, and a few stories about them.

Rows are written as dlt would have written them, load by load, so that tests can hold a load back, finish it late or
bring loads in another order.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values

Row = Mapping[str, Any]
FIRST = date(2024, 1, 2)
TICKERS = [f"{first}{second}" for first in "ABCDEFGH" for second in "VWXYZ"]


@dataclass
class Load:
    """One dlt load of one source: rows by table, each with its response, place and time of receipt."""

    source: str
    load_id: str
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, response_id: str, received_at: datetime, rows: Iterable[Row]) -> "Load":
        """Append the rows of one response to a table."""
        for number, row in enumerate(rows):
            origin = {"_response_id": response_id, "_received_at": received_at, "_row_number": number}
            self.rows.setdefault(table, []).append({**row, **origin, "_dlt_load_id": self.load_id})
        return self

    def write(self, connection: Connection, *, finish: bool = True) -> None:
        """Insert the rows and, unless the load is to stay unfinished, list it in `_dlt_loads`."""
        with connection.cursor() as cursor:
            for table, rows in self.rows.items():
                names = sorted({name for row in rows for name in row})
                statement = sql.SQL("insert into {} ({}) values %s").format(
                    sql.Identifier(f"raw_{self.source}", table), sql.SQL(", ").join(map(sql.Identifier, names))
                )
                execute_values(cursor, statement, [[row.get(name) for name in names] for row in rows])
        if finish:
            self.finish(connection)

    def finish(self, connection: Connection, finished_at: str | None = None) -> None:
        """List the load with status 0, as dlt does last; by default it finishes now."""
        with connection.cursor() as cursor:
            statement = (
                "insert into {} (load_id, schema_name, status, inserted_at) values (%s, %s, 0, coalesce(%s, now()))"
            )
            table = sql.Identifier(f"raw_{self.source}", "_dlt_loads")
            cursor.execute(sql.SQL(statement).format(table), (self.load_id, self.source, finished_at))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), UTC)


def sessions(count: int = 30) -> list[date]:
    """Weekdays: the exchange of this data keeps no holidays."""
    days = (FIRST + timedelta(days=n) for n in range(2 * count))
    return [day for day in days if day.weekday() < 5][:count]


def bar(number: int, session: int, shift: float = 0.0) -> Row:
    base = 10.0 + number + 0.25 * session + shift
    prices = {"open": base, "high": base + 1, "low": base - 1, "close": base + 0.5}
    busy = 5 if session == 25 and number % 10 == 9 else 1
    return {**prices, "volume": (10_000.0 * (number + 1) + session) * busy}


def calendar(count: int = 120) -> Load:
    days = [FIRST - timedelta(days=1) + timedelta(days=n) for n in range(count)]
    rows = []
    for day in days:
        is_session = day.weekday() < 5
        following = next(d for n in range(1, 4) if (d := day + timedelta(days=n)).weekday() < 5)
        previous = next(d for n in range(1, 4) if (d := day - timedelta(days=n)).weekday() < 5)
        rows.append(
            {
                "exchange": "XNYS",
                "date": day,
                "is_session": is_session,
                "is_half_day": False,
                "open_at": at(day, 14, 30) if is_session else None,
                "close_at": at(day, 21) if is_session else None,
                "previous_session": previous,
                "next_session": following,
            }
        )
    return Load("calendar", "100.1").add("days", "calendar-1", at(FIRST, 0), rows)


def polygon_bars(load_id: str, first: int, last: int) -> Load:
    """Sessions first to last - 1, one response each; one security is halted on the fifth."""
    load = Load("polygon", load_id)
    for place, day in list(enumerate(sessions()))[first:last]:
        rows: list[Row] = [
            {"ticker": ticker, "date": day, "adjusted": False, "vwap": 11.0, "transactions": 7, **bar(n, place)}
            for n, ticker in enumerate(TICKERS)
            if (ticker, place) != ("CX", 5)
        ]
        load.add("bars", f"bars-{day}", at(day, 22), rows)
    return load


def polygon_reference() -> Load:
    rows = [
        {"ticker": t, "name": f"{t} Inc.", "active": True, "type": "CS", "primary_exchange": "XNYS"} for t in TICKERS
    ]
    return Load("polygon", "200.9").add("tickers", "tickers-1", at(FIRST, 1), rows)


def companies(load_id: str, day: date, rows: Iterable[Row]) -> Load:
    """A reference list of some tickers, received at noon of a day."""
    facts = {"market": "stocks", "type": "CS", "primary_exchange": "XNYS", "active": True}
    return Load("polygon", load_id).add(
        "tickers", f"tickers-{load_id}", at(day, 12), [{**facts, **row} for row in rows]
    )


def reused() -> Load:
    """Received late: until the 10th of January, AW was another company's."""
    gone = {
        "ticker": "AW",
        "name": "Wanderer",
        "composite_figi": "F1",
        "active": False,
        "delisted_utc": at(date(2024, 1, 10), 5),
    }
    return companies("200.4", date(2024, 2, 1), [gone, {"ticker": "AW", "name": "AW Inc.", "composite_figi": "F2"}])


def renamed() -> Load:
    """BY became BZ on the 23rd of January; both have bars all along, and under BZ there was a split."""
    company = {"name": "B Inc.", "composite_figi": "F3"}
    gone = {**company, "ticker": "BY", "active": False, "delisted_utc": at(date(2024, 1, 23), 5)}
    load = companies("200.5", date(2024, 2, 2), [gone, {**company, "ticker": "BZ"}])
    split = {"ticker": "BZ", "execution_date": date(2024, 1, 30), "split_from": 1.0, "split_to": 2.0}
    page = {"entity": "splits", "listed_from": FIRST, "is_last": True, "refused_count": 0, "row_count": 1}
    received = at(date(2024, 2, 2), 12)
    return load.add("splits", "splits-1", received, [split]).add("listings", "splits-1", received, [page])


def restatements(load_id: str) -> Load:
    """The second session again: the same values, changed ones, a row twice in one response, and one broken row."""
    day = sessions()[1]
    rows = [
        {"ticker": "AV", "date": day, **bar(0, 1)},
        {"ticker": "AW", "date": day, **bar(1, 1, 5.0)},
        {"ticker": "AX", "date": day, **bar(2, 1, 6.0)},
        {"ticker": "AX", "date": day, **bar(2, 1, 7.0)},
        {"ticker": "AY", "date": day, **bar(3, 1), "low": 99.0},
    ]
    rows = [{**row, "vwap": 11.0, "transactions": 7} for row in rows]
    return Load("polygon", load_id).add("bars", f"again-{day}", at(day + timedelta(days=2), 12), rows)


def alpha_vantage() -> Load:
    rows = [
        {"symbol": symbol, "date": day, **bar(TICKERS.index(ticker), place, 0.01)}
        for symbol, ticker in (("av", "AV"), ("AY", "AY"))
        for place, day in enumerate(sessions()[:20])
    ]
    load = Load("alpha_vantage", "300.1").add("daily", "daily-1", at(sessions()[20], 3), rows)
    story = {
        "title": "AV Inc. beats estimates - Daily News",
        "url": "http://daily.example/av?utm_source=feed",
        "source": "Daily News",
        "time_published": at(sessions()[3], 15),
        "overall_sentiment_score": 0.4,
        "ticker_sentiment": json.dumps(
            [
                {"ticker": "AV", "relevance_score": "0.9", "ticker_sentiment_score": "0.5"},
                {"ticker": "CRYPTO:BTC", "relevance_score": "0.1", "ticker_sentiment_score": "0.1"},
            ]
        ),
    }
    return load.add("news", "news-1", at(sessions()[4], 3), [story])


def polygon_news(load_id: str = "200.8") -> Load:
    story = {
        "id": "p1",
        "title": "AV Inc. beats estimates",
        "article_url": "https://www.daily.example/av/",
        "publisher_name": "Daily News",
        "published_utc": at(sessions()[3], 15),
        "tickers": json.dumps(["AV", "AW"]),
        "insights": json.dumps([{"ticker": "AW", "sentiment": "negative", "sentiment_reasoning": "it lost"}]),
    }
    weekend = {
        "id": "p2",
        "title": "Saturday thoughts on $BV and $XXXX",
        "article_url": "https://other.example/2",
        "published_utc": at(date(2024, 1, 6), 17),
        "tickers": "[]",
    }
    return Load("polygon", load_id).add("news", "pnews-1", at(date(2024, 1, 7), 3), [story, weekend])


def feeds() -> Load:
    entries: list[Row] = [
        {"feed": "tape", "id": "e1", "title": "AV INC. BEATS ESTIMATES", "published": at(sessions()[3], 16)},
        {"feed": "tape", "id": "e2", "title": "No time at all", "published": None},
        {"feed": "tape", "id": "e3", "title": "Bread prices rise", "published": at(sessions()[3], 17)},
    ]
    return Load("rss", "400.1").add("entries", "feed-1", at(sessions()[4], 4), entries)


def headlines() -> Load:
    rows = [{"title": "Stocks that moved", "date": at(sessions()[4], 15), "stock": stock} for stock in ("AV", "BV")]
    return Load("headlines", "500.1").add("headlines", "file-1", at(sessions()[29], 1), rows)


def pystock(load_id: str = "600.1") -> Load:
    load = Load("pystock", load_id)
    for place, day in list(enumerate(sessions()))[:5]:
        rows = [
            {"symbol": t, "date": day, "archive": f"{day:%Y%m%d}", "adj_close": 1.0, **bar(n, place, 0.02)}
            for n, t in enumerate([*TICKERS, "OLD"])
        ]
        load.add("prices", f"archive-{day}", at(day + timedelta(days=1), 12), rows)
    return load.add("symbols", "symbols-1", at(FIRST, 12), [{"symbol": "OLD", "name": "Old plc", "archive": "1"}])


def records() -> Load:
    rows = [
        {"response_id": f"bars-{day}", "source": "polygon", "endpoint": "grouped_daily", "outcome": outcome}
        | {"status_code": 200, "requested_at": at(day, 22), "duration_ms": 120.0, "rows_received": 40}
        for day, outcome in zip(sessions(), ["ok"] * 29 + ["quota_exhausted"], strict=True)
    ]
    return Load("ops", "700.1").add("requests", "ops-1", at(sessions()[29], 23), rows)


def everything() -> list[Load]:
    """All loads, in the order in which they became known."""
    return [
        calendar(),
        polygon_reference(),
        polygon_bars("200.1", 0, 15),
        restatements("200.2"),
        polygon_bars("200.3", 15, 30),
        polygon_news(),
        alpha_vantage(),
        feeds(),
        headlines(),
        pystock(),
        records(),
    ]
