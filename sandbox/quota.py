"""Allowances per provider and key, counted in the sandbox's own time."""

import threading
from collections import defaultdict, deque

from sandbox.clock import Clock
from sandbox.sessions import NEW_YORK


class Quotas:
    """Counts calls. Real seconds count while the clock is pinned too; moving it forward renews allowances.

    Requests that carry their own time have allowances of their own.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._recent: dict[str, deque[float]] = defaultdict(deque)
        self._daily: dict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def take(self, name: str, calls: int, seconds: float) -> bool:
        """True if one more of at most `calls` in any `seconds` is allowed; a rejected call is not counted."""
        with self._lock:
            now, recent = self._clock.elapsed(), self._recent[self._owner(name)]
            while recent and recent[0] <= now - seconds:
                recent.popleft()
            if len(recent) >= calls:
                return False
            recent.append(now)
            return True

    def take_daily(self, name: str, calls: int) -> bool:
        """True if one more of `calls` on this day (New York's, by the sandbox's clock) is allowed."""
        with self._lock:
            key = f"{self._owner(name)} {self._clock.now().astimezone(NEW_YORK):%Y-%m-%d}"
            if self._daily[key] >= calls:
                return False
            self._daily[key] += 1
            return True

    def _owner(self, name: str) -> str:
        return f"{name} in the past" if self._clock.own else name

    def clear(self) -> None:
        """Renew all allowances."""
        with self._lock:
            self._recent.clear()
            self._daily.clear()
