"""Polygon's reference data: tickers, splits and dividends, in pages."""

from datetime import UTC, date, datetime, time

from sandbox.identities import Security
from sandbox.polygon_errors import read_bool, read_date
from sandbox.polygon_pages import Row, page, read_query
from sandbox.sessions import NEW_YORK, midnight_in_new_york
from sandbox.web import Request, World


def tickers(world: World, request: Request, request_id: str) -> bytes:
    """/v3/reference/tickers: who is listed (`active=false`: was), now or at `date`, in order of ticker."""
    query = read_query(request)
    today = world.now().astimezone(NEW_YORK).date()
    day = min(read_date(query["date"], "date"), today) if "date" in query else today
    active = read_bool(query.get("active", "true"), "active")
    found = [
        security
        for security in world.market.universe.listings()
        if security.listed_on <= day
        and world.market.active(security, day) == active
        and all(str(_facts(security)[key] or "") == query[key] for key in _FILTERS if key in query)
        and query.get("search", "").lower() in f"{security.ticker} {security.name}".lower()
    ]
    rows = [_ticker(security, day, active=active) for security in found]
    return page(request, request_id, rows, query, "ticker", ("ticker",), "tickers", (100, 1000))


def splits(world: World, request: Request, request_id: str) -> bytes:
    """/v3/reference/splits, the latest first."""
    sessions, securities = world.market.sessions, world.market.universe.securities
    rows: list[Row] = [
        {
            "execution_date": sessions.dates[split.session].isoformat(),
            "id": f"E{split.session:06x}{split.security:058x}",
            "split_from": split.split_from,
            "split_to": split.split_to,
            "ticker": securities[split.security].ticker,
        }
        for split in world.market.announced_splits(world.now())
    ]
    keys = ("ticker", "execution_date")
    return page(request, request_id, rows, read_query(request), "execution_date", keys, "splits", (10, 1000))


def dividends(world: World, request: Request, request_id: str) -> bytes:
    """/v3/reference/dividends, the latest first."""
    dates, securities = world.market.sessions.dates, world.market.universe.securities
    rows: list[Row] = [
        {
            "cash_amount": dividend.amount,
            "currency": "USD",
            "declaration_date": dates[dividend.declared].isoformat(),
            "dividend_type": "CD",
            "ex_dividend_date": dates[dividend.ex].isoformat(),
            "frequency": 4,
            "id": f"E{dividend.ex:06x}{dividend.security:058x}",
            "pay_date": dates[dividend.paid].isoformat(),
            "record_date": dates[dividend.ex].isoformat(),
            "ticker": securities[dividend.security].ticker,
        }
        for dividend in world.market.announced_dividends(world.now())
    ]
    keys = ("ticker", "ex_dividend_date", "declaration_date", "pay_date", "record_date")
    return page(request, request_id, rows, read_query(request), "ex_dividend_date", keys, "dividends", (10, 1000))


_FILTERS = ("type", "market", "exchange", "cik")


def _facts(security: Security) -> dict[str, str | None]:
    market = "otc" if security.is_otc else "stocks"
    return {"type": security.type, "market": market, "exchange": security.mic, "cik": security.cik}


def _ticker(security: Security, day: date, *, active: bool) -> Row:
    delisted = midnight_in_new_york(security.delisted_on).astimezone(UTC) if security.delisted_on else None
    row: Row = {
        "ticker": security.ticker,
        "name": security.name,
        "market": "otc" if security.is_otc else "stocks",
        "locale": "us",
        "primary_exchange": security.mic or None,
        "type": security.type,
        "active": active,
        "currency_name": "usd",
        "cik": security.cik,
        "composite_figi": security.composite_figi,
        "share_class_figi": security.share_class_figi,
        "delisted_utc": f"{delisted:%Y-%m-%dT%H:%M:%SZ}" if delisted and not active else None,
        "last_updated_utc": f"{datetime.combine(day, time(), UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    return {key: value for key, value in row.items() if value is not None}
