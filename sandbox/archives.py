"""Sample archives in the shape of the pystock collection: one `.tar.gz` for each trading day.

An archive is named after its newest trading day and was collected at 12:00 UTC on the day after, which is its members'
time. `symbols.txt` is tab-separated; `prices.csv` holds that day and the one before it for every stock, so that most
bars come twice, some of them restated, and with `adj_close` rewritten once a split or dividend has come between;
`reports.csv` has the day's quarterly reports. As in the real collection, one archive repeats its header in the middle
and has its rows three times, one has no header in `reports.csv`, and one is incomplete.
"""

import gzip
import io
import tarfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np

from sandbox.bars import Bars
from sandbox.market import Market
from sandbox.reports import write_reports

HEADER = "symbol,date,open,high,low,close,volume,adj_close"


def write_archives(market: Market, folder: Path, first: date, last: date) -> list[Path]:
    """Write an archive for every session from `first` to `last` into `folder`; returns their paths in order.

    The second archive repeats its header, the third has no header in its reports, the fourth is incomplete.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sessions = range(market.sessions.at_or_after(first), market.sessions.after(last))
    return [_write(market, folder, session, number) for number, session in enumerate(sessions)]


def _write(market: Market, folder: Path, session: int, number: int) -> Path:
    day = market.sessions.dates[session]
    collected = datetime.combine(day + timedelta(days=1), time(12), UTC)
    rows = list(_prices(market, session, collected))
    symbols = [f"{ticker}\t{name}\n" for ticker, name in _symbols(market, session)]
    prices = [HEADER, *rows]
    if number == 1:
        symbols, prices = symbols * 2, [HEADER, *rows, HEADER, *rows, *rows]
    elif number == 3:
        prices = [HEADER, *(row for row in rows if f",{day}," not in row), *rows[0:8:2]]
    reports = write_reports(market, session)
    if number == 2:
        reports = reports.partition("\r\n")[2]
    members = (
        ("symbols.txt", 0, "".join(symbols)),
        ("prices.csv", 1, "".join(f"{line}\r\n" for line in prices)),
        ("reports.csv", 6, reports),
    )
    path = folder / f"{day:%Y%m%d}.tar.gz"
    path.write_bytes(gzip.compress(_tar(members, collected), mtime=0))
    return path


def _tar(members: Iterable[tuple[str, int, str]], collected: datetime) -> bytes:
    """A tar of texts by name, each a number of minutes after the start of the collection."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, minutes, text in members:
            content = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o664
            member.mtime = int((collected + timedelta(minutes=minutes)).timestamp())
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def covered(market: Market, session: int) -> list[int]:
    """The securities in the collection: listed on an exchange, without a share class suffix."""
    universe = market.universe
    listed = np.flatnonzero(universe.listed(session) & ~universe.is_otc).tolist()
    return [place for place in listed if "." not in universe.securities[place].ticker]


def _symbols(market: Market, session: int) -> Iterator[tuple[str, str]]:
    for place in covered(market, session):
        security = market.universe.at(place, session)
        yield security.ticker, security.name.replace("'", "&#39;")


def _prices(market: Market, session: int, collected: datetime) -> Iterator[str]:
    """Both days of every stock, newer first, as of when they were collected."""
    days = [session] if session == 0 else [session, session - 1]
    delivered = {day: market.bars(day, collected) for day in days}
    paid = {d.security: d.amount for d in market.dividends(collected) if d.ex == session}
    for place in covered(market, session):
        ticker = market.universe.securities[place].ticker
        for day in days:
            bars = delivered[day]
            if bars is None or not bars.trading[place]:
                continue
            close = float(bars.close[place])
            adjusted = close
            if day < session:
                adjusted *= 1 - paid.get(place, 0.0) / close
                adjusted /= market.prices.divided(place, day, session)
            yield f"{ticker},{market.sessions.dates[day]},{_values(bars, place)},{price(adjusted)}"


def _values(bars: Bars, place: int) -> str:
    prices = (bars.open, bars.high, bars.low, bars.close)
    volume = int(round(float(bars.volume[place]), -2))
    return ",".join([*(price(float(values[place])) for values in prices), str(volume)])


def price(value: float) -> str:
    """A price as collected: single precision, two to six decimals (109.62 reads 109.620003)."""
    whole, _, decimals = f"{np.float32(value):.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"
