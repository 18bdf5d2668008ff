"""The time that a run extracts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta


@dataclass(frozen=True)
class Window:
    """What the user asked for: dates (inclusive) and tickers; None means "continue from what raw holds"."""

    now: datetime
    since: date | None = None
    until: date | None = None
    tickers: tuple[str, ...] = ()
    lookback: timedelta = timedelta(days=60)

    @property
    def end(self) -> datetime:
        """The last moment to request: now, or the end of the `until` day."""
        if self.until is None:
            return self.now
        return min(self.now, datetime.combine(self.until, datetime.max.time(), UTC))

    def start(self, cursor: str | None, overlap: timedelta) -> datetime:
        """The first moment to request: `since`, else the cursor minus the overlap, else the look-back."""
        if self.since is not None:
            return datetime.combine(self.since, datetime.min.time(), UTC)
        if cursor:
            return moment_of(cursor) - overlap
        return self.end - self.lookback

    def allowed(self, cursor: str | None, cursors: Mapping[str, str]) -> Mapping[str, str]:
        """`cursors`, or none where moving `cursor` would skip the days between it and `since`."""
        if self.since is not None and cursor and self.since > moment_of(cursor).date():
            return {}
        return cursors


def moment_of(cursor: str) -> datetime:
    """A cursor as a moment; a date is its midnight in UTC."""
    moment = datetime.fromisoformat(cursor)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
