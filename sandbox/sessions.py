"""The real sessions of the New York Stock Exchange (XNYS), over which the market is simulated."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

NEW_YORK = ZoneInfo("America/New_York")
START = date(2024, 1, 2)
HORIZON = date(2035, 12, 31)
DELIVERY = timedelta(minutes=30)


@dataclass(frozen=True, eq=False)
class Sessions:
    """Every session from START to HORIZON; `opens` and `closes` are epoch seconds, positions count from 0."""

    dates: tuple[date, ...]
    days: np.ndarray
    opens: np.ndarray
    closes: np.ndarray

    def position(self, day: date) -> int | None:
        """The position of `day` among the sessions, or None if the exchange is closed."""
        place = self.at_or_after(day)
        return place if place < len(self.dates) and self.dates[place] == day else None

    def at_or_after(self, day: date) -> int:
        return int(np.searchsorted(self.days, np.datetime64(day)))

    def after(self, day: date) -> int:
        """The first session later than `day`."""
        return int(np.searchsorted(self.days, np.datetime64(day), side="right"))

    def delivered(self, now: datetime) -> int:
        """The number of sessions whose bars are out: bars are delivered half an hour after the close."""
        return int(np.searchsorted(self.closes, (now - DELIVERY).timestamp(), side="right"))

    def containing(self, instant: float) -> int:
        """The session that reacts to news of `instant` (epoch seconds): the first whose close is not before it."""
        return int(np.searchsorted(self.closes, instant, side="left"))

    def previous_close(self, position: int) -> int:
        return int(self.closes[position - 1]) if position else int(self.opens[0]) - 17 * 3600

    def is_half_day(self, position: int) -> bool:
        return bool(self.closes[position] - self.opens[position] < 6 * 3600)


@lru_cache(maxsize=1)
def xnys() -> Sessions:
    """The sessions, built once a process (about 0.2 s)."""
    import exchange_calendars  # half a second, and only a running market needs it

    calendar = exchange_calendars.get_calendar("XNYS", start=START, end=HORIZON)
    opens = calendar.opens.dt.tz_convert(None).to_numpy("datetime64[s]").astype(np.int64)
    closes = calendar.closes.dt.tz_convert(None).to_numpy("datetime64[s]").astype(np.int64)
    days = calendar.sessions.to_numpy("datetime64[D]")
    return Sessions(tuple(days.tolist()), days, opens, closes)


def utc(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def midnight_in_new_york(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=NEW_YORK)
