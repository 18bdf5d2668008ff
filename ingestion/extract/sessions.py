"""The exchange's sessions, from exchange_calendars, cached in a file: computing them takes a second.

https://github.com/gerrymanoim/exchange_calendars. The file's name contains the library's version, so that another
version computes them again.
"""

from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

import orjson

from ingestion.sources.calendar import EXCHANGE

Session = tuple[date, datetime]


def sessions_between(first: date, last: date, cache: Path | None = None) -> list[Session]:
    """The exchange's sessions from `first` to `last`, each with its close in UTC; cached in the folder, if given."""
    if first > last:
        return []
    if cache is None:
        return [session for session in _of_years(first.year, last.year) if first <= session[0] <= last]
    path = cache / f"{EXCHANGE}-{version('exchange_calendars')}.json"
    known = _read(path)
    missing = {*range(first.year, last.year + 1)} - known.keys()
    if missing:
        years = range(min(missing), max(missing) + 1)
        found = _of_years(years[0], years[-1])
        known |= {year: [session for session in found if session[0].year == year] for year in years}
        cache.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{uuid4().hex}.part")  # several processes may write at once
        part.write_bytes(orjson.dumps({str(year): sessions for year, sessions in known.items()}))
        part.replace(path)
    return [day for year in range(first.year, last.year + 1) for day in known[year] if first <= day[0] <= last]


def _read(path: Path) -> dict[int, list[Session]]:
    """The cached sessions by year; none without a readable file."""
    try:
        years = orjson.loads(path.read_bytes())
        return {
            int(year): [(date.fromisoformat(day), datetime.fromisoformat(close)) for day, close in sessions]
            for year, sessions in years.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _of_years(first: int, last: int) -> list[Session]:
    from exchange_calendars import get_calendar  # here, because it takes half a second

    calendar = get_calendar(EXCHANGE, start=f"{first - 1}-12-01", end=f"{last + 1}-01-31")
    sessions = calendar.sessions_in_range(f"{first}-01-01", f"{last}-12-31")
    return [(session.date(), calendar.session_close(session).to_pydatetime().astimezone(UTC)) for session in sessions]
