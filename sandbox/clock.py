"""The sandbox's clock: real time, or pinned to an instant that tests choose and move; a request may carry its own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant as an aware UTC datetime; without an offset it is UTC. Raises ValueError."""
    instant = datetime.fromisoformat(text.strip())
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class Clock:
    """`now()` is real time until the clock is pinned; a pinned clock does not move until it is set again."""

    def __init__(self, pinned: datetime | None = None) -> None:
        self._pinned = pinned
        self._skipped = timedelta(0)
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._own = threading.local()

    @contextmanager
    def at(self, instant: datetime | None) -> Iterator[None]:
        """Stop this thread's clock at `instant` for the block; other threads keep theirs. None changes nothing."""
        self._own.instant = instant
        try:
            yield
        finally:
            self._own.instant = None

    @property
    def own(self) -> datetime | None:
        """The instant at which this thread's clock stands, if it has its own."""
        return getattr(self._own, "instant", None)

    def now(self) -> datetime:
        if self.own:
            return self.own
        with self._lock:
            return self._pinned or datetime.now(UTC)

    def set(self, instant: datetime | None) -> None:
        """Pin the clock to `instant`, or let it run with real time again (None)."""
        with self._lock:
            before = self._pinned or datetime.now(UTC)
            self._pinned = instant
            self._skipped += max((instant or datetime.now(UTC)) - before, timedelta(0))

    def elapsed(self) -> float:
        """Elapsed seconds, for quotas: real ones (also while pinned) plus every jump forward; a thread's own time."""
        if self.own:
            return self.own.timestamp()
        with self._lock:
            return time.monotonic() - self._started + self._skipped.total_seconds()
