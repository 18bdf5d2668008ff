"""Polygon's daily aggregates: of the whole market in one call, and of one ticker over a range."""

from datetime import datetime, time

import numpy as np

from sandbox.bars import Bars
from sandbox.polygon_errors import PolygonError, read_bool, read_date, read_limit, write_cursor
from sandbox.polygon_pages import read_query
from sandbox.sessions import NEW_YORK, midnight_in_new_york
from sandbox.web import Request, World
from sandbox.wire_polygon import entitle


def grouped(world: World, request: Request, request_id: str, day: str) -> bytes:
    """/v2/aggs/grouped/…/{date}: every stock's bar of a session; `t` is the window's end, 16:00 in New York."""
    now, session_date = world.now(), read_date(day, "date")
    adjusted = read_bool(request.query.get("adjusted", "true"), "adjusted")
    entitle(request, session_date, now)
    session = world.market.sessions.position(session_date)
    bars = None if session is None else world.market.bars(session, now)
    if session is None or bars is None:
        return _aggregates([], None, adjusted, request_id)
    universe = world.market.universe
    shown = bars.trading & (~universe.is_otc | read_bool(request.query.get("include_otc", "false"), "include_otc"))
    factors = world.market.split_factors(session, now) if adjusted else np.ones(len(universe))
    end = int(datetime.combine(session_date, time(16), NEW_YORK).timestamp() * 1000)
    places = np.flatnonzero(shown)
    names = (universe.securities[place].ticker for place in places.tolist())
    values = _rows(bars, places, factors[places], end, universe.is_otc[places])
    rows = [f'{{"T":"{name}",{row}' for name, row in zip(names, values, strict=True)]
    return _aggregates(rows, None, adjusted, request_id)


def of_ticker(
    world: World, request: Request, request_id: str, ticker: str, multiplier: str, span: str, first: str, last: str
) -> bytes:
    """/v2/aggs/ticker/{T}/range/1/day/{from}/{to}: one stock's bars; `t` is their start, midnight in New York."""
    if (multiplier, span) != ("1", "day"):
        raise PolygonError(400, "the sandbox has daily bars only: ask for range/1/day")
    now, market, query = world.now(), world.market, read_query(request)
    adjusted = read_bool(query.get("adjusted", "true"), "adjusted")
    limit, descending = read_limit(query.get("limit"), 5000, 50_000), query.get("sort") == "desc"
    start, end = read_date(first, "from"), read_date(last, "to")
    if start > end:
        raise PolygonError(400, "the parameter 'to' cannot be a time that occurs before 'from'")
    entitle(request, start, now)
    place = market.universe.by_ticker.get(ticker)
    if place is None:
        return _aggregates([], ticker, adjusted, request_id)
    sessions = market.sessions
    positions = range(sessions.at_or_after(start), min(sessions.after(end), _entitled(request, world, now)))
    otc = market.universe.is_otc[[place]]
    rows, days = [], []
    for session in reversed(positions) if descending else positions:
        bars = market.bars(session, now)
        if bars is not None and bars.trading[place]:
            factors = np.full(1, market.split_factor(place, session, now) if adjusted else 1.0)
            begin = int(midnight_in_new_york(sessions.dates[session]).timestamp() * 1000)
            rows += ["{" + row for row in _rows(bars, np.array([place]), factors, begin, otc)]
            days.append(sessions.dates[session])
    following = None
    if len(rows) > limit:
        span = f"{start}/{days[limit]}" if descending else f"{days[limit]}/{end}"
        path = f"polygon/v2/aggs/ticker/{ticker}/range/1/day/{span}"
        following = f"{request.base}/{path}?cursor={write_cursor(query)}"
    return _aggregates(rows[:limit], ticker, adjusted, request_id, following)


def _entitled(request: Request, world: World, now: datetime) -> int:
    """The first session that the caller's plan does not include yet."""
    sessions = world.market.sessions
    delivered = sessions.delivered(now)
    try:
        entitle(request, sessions.dates[delivered - 1], now)
    except PolygonError:
        return delivered - 1
    return delivered


def _rows(bars: Bars, places: np.ndarray, factors: np.ndarray, epoch: int, otc: np.ndarray) -> list[str]:
    """Bars from `v` on, in the provider's order of keys, adjusted for splits by `factors`."""
    prices = (
        np.round(p[places] / factors, 4).tolist() for p in (bars.vwap, bars.open, bars.close, bars.high, bars.low)
    )
    volumes = np.round(bars.volume[places] * factors, 4).tolist()
    counts = bars.transactions[places].tolist()
    return [
        f'"v":{number(v)},"vw":{number(vw)},"o":{number(o)},"c":{number(c)},"h":{number(h)},"l":{number(low)},'
        f'"t":{epoch},"n":{n}{_OTC if is_otc else "}"}'
        for v, vw, o, c, h, low, n, is_otc in zip(volumes, *prices, counts, otc.tolist(), strict=True)
    ]


_OTC = ',"otc":true}'


def _aggregates(
    rows: list[str], ticker: str | None, adjusted: bool, request_id: str, next_url: str | None = None
) -> bytes:
    named = f'"ticker":"{ticker}",' if ticker else ""
    results = f'"results":[{",".join(rows)}],' if rows else ""
    following = f',"next_url":"{next_url}"' if next_url else ""
    return (
        f'{{{named}"queryCount":{len(rows)},"resultsCount":{len(rows)},"adjusted":{str(adjusted).lower()},{results}'
        f'"status":"OK","request_id":"{request_id}","count":{len(rows)}{following}}}'
    ).encode()


def number(value: float) -> str:
    """A number as the provider prints it: shortest digits, and an exponent from a million on (8.1000752e+07)."""
    digits = repr(float(value))
    if "e" in digits or abs(value) < 1e6:
        return digits.removesuffix(".0")
    whole, _, fraction = digits.partition(".")
    mantissa = (whole + fraction).rstrip("0")
    point = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
    return f"{mantissa[0]}{point}e+{len(whole) - 1:02d}"
