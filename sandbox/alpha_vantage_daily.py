"""TIME_SERIES_DAILY, plain and adjusted: all values are strings, newest session first, as JSON or CSV."""

from dataclasses import dataclass
from datetime import date, datetime

from sandbox.alpha_vantage_messages import INVALID_CALL, PREMIUM_OUTPUT_SIZE, MessageError
from sandbox.web import FREE, Request, Response, World

COMPACT = 100


@dataclass(frozen=True)
class Row:
    """One session of one symbol: open, high, low, close as traded; the adjusted close; dividend and split."""

    day: date
    prices: tuple[float, float, float, float]
    volume: int
    adjusted_close: float
    dividend: float
    split: float


def daily(world: World, request: Request) -> Response:
    """function=TIME_SERIES_DAILY: 100 sessions; all of them only on a paid plan."""
    size = _size(request, "TIME_SERIES_DAILY")
    if size == "Full size" and request.query.get("apikey") == FREE:
        raise MessageError("Information", PREMIUM_OUTPUT_SIZE)
    symbol, rows = _rows(world, request, "TIME_SERIES_DAILY", size)
    if request.query.get("datatype") == "csv":
        lines = [f"{row.day},{_csv(row.prices)},{row.volume}" for row in rows]
        return _file("timestamp,open,high,low,close,volume", lines, f"daily_{symbol}.csv")
    keys = ("1. open", "2. high", "3. low", "4. close")
    days = [
        _day(
            row.day, [*((k, f"{p:.4f}") for k, p in zip(keys, row.prices, strict=True)), ("5. volume", str(row.volume))]
        )
        for row in rows
    ]
    return _json("Daily Prices (open, high, low, close) and Volumes", symbol, rows, size, days)


def daily_adjusted(world: World, request: Request) -> Response:
    """function=TIME_SERIES_DAILY_ADJUSTED: eight columns, decimals not padded."""
    size = _size(request, "TIME_SERIES_DAILY_ADJUSTED")
    symbol, rows = _rows(world, request, "TIME_SERIES_DAILY_ADJUSTED", size)
    if request.query.get("datatype") == "csv":
        header = "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient"
        lines = [
            f"{r.day},{','.join(map(repr, r.prices))},{r.adjusted_close!r},{r.volume},{r.dividend:.4f},{r.split!r}"
            for r in rows
        ]
        return _file(header, lines, f"daily_adjusted_{symbol}.csv")
    keys = ("1. open", "2. high", "3. low", "4. close")
    days = [
        _day(
            row.day,
            [
                *((key, repr(price)) for key, price in zip(keys, row.prices, strict=True)),
                ("5. adjusted close", repr(row.adjusted_close)),
                ("6. volume", str(row.volume)),
                ("7. dividend amount", f"{row.dividend:.4f}"),
                ("8. split coefficient", repr(row.split)),
            ],
        )
        for row in rows
    ]
    return _json("Daily Time Series with Splits and Dividend Events", symbol, rows, size, days)


def _size(request: Request, function: str) -> str:
    size = request.query.get("outputsize", "compact")
    if size not in ("compact", "full"):
        raise MessageError("Error Message", INVALID_CALL.format(function=function))
    return "Compact" if size == "compact" else "Full size"


def _rows(world: World, request: Request, function: str, size: str) -> tuple[str, list[Row]]:
    """The symbol as requested and its sessions, newest first. Share classes are written "ABC.B" or "ABC-B"."""
    symbol, now, market = request.query.get("symbol", ""), world.now(), world.market
    place = market.universe.by_ticker.get(symbol.upper().replace("-", "."))
    if place is None:
        raise MessageError("Error Message", INVALID_CALL.format(function=function))
    payouts = {d.ex: d.amount for d in market.dividends(now) if d.security == place}
    splits = {s.session: s.ratio for s in market.splits(now) if s.security == place}
    rows: list[Row] = []
    factor = 1.0
    for session in range(market.sessions.delivered(now) - 1, -1, -1):
        bars = market.alpha_vantage_bars(session, now)
        if bars is not None and bars.trading[place]:
            prices = (bars.open, bars.high, bars.low, bars.close)
            o, h, low, close = (float(values[place]) for values in prices)
            dividend, split = payouts.get(session, 0.0), splits.get(session, 1.0)
            adjusted = round(close * factor, 4)
            day = market.sessions.dates[session]
            rows.append(Row(day, (o, h, low, close), int(bars.volume[place]), adjusted, dividend, split))
            factor *= (1 - dividend / (close + dividend)) / split
        if len(rows) == COMPACT and size == "Compact":
            break
    if not rows:
        raise MessageError("Error Message", INVALID_CALL.format(function=function))
    return symbol, rows


def _csv(prices: tuple[float, ...]) -> str:
    return ",".join(f"{price:.4f}" for price in prices)


def _file(header: str, lines: list[str], name: str) -> Response:
    body = "\r\n".join([header, *lines, ""]).encode()
    disposition = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(body=body, content_type="application/x-download", headers=disposition)


def _day(day: date | datetime, values: list[tuple[str, str]]) -> str:
    inner = ",\n".join(f'            "{key}": "{value}"' for key, value in values)
    return f'        "{day}": {{\n{inner}\n        }}'


def _json(information: str, symbol: str, rows: list[Row], size: str, days: list[str]) -> Response:
    meta = {
        "1. Information": information,
        "2. Symbol": symbol,
        "3. Last Refreshed": str(rows[0].day),
        "4. Output Size": size,
        "5. Time Zone": "US/Eastern",
    }
    top = ",\n".join(f'        "{key}": "{value}"' for key, value in meta.items())
    series = ",\n".join(days)
    text = f'{{\n    "Meta Data": {{\n{top}\n    }},\n    "Time Series (Daily)": {{\n{series}\n    }}\n}}'
    return Response(body=text.encode())
