"""The simulated market as the wire formats see it: securities, bars, actions and articles as of an instant."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

import numpy as np

from sandbox import actions
from sandbox import bars as shapes
from sandbox.actions import Dividend, Split
from sandbox.bars import Bars, Restatements
from sandbox.identities import Security
from sandbox.prices import Prices
from sandbox.securities import FEWEST, MOST, Universe, generate
from sandbox.sessions import Sessions, xnys
from sandbox.stories import Stories, draw

T = TypeVar("T")
CELLS_KEPT = 3_000_000


class Kept:
    """A bounded cache of computed sessions (least recently used). Thread-safe."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._values: OrderedDict[object, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]  # type: ignore[return-value]  # stored under this key
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self.size:
                self._values.popitem(last=False)
        return value


class Market:
    """A whole market from a seed. Nothing depends on a clock: callers pass the time.

    Everything is created when first needed.
    """

    def __init__(self, seed: int = 7, securities: int = 120) -> None:
        if not FEWEST <= securities <= MOST:
            raise ValueError(f"a market has {FEWEST} to {MOST} securities, not {securities}")
        self.seed, self.size = seed, securities
        self._building = threading.RLock()
        self._parts: dict[str, object] = {}
        self._bars = Kept(max(130, min(800, CELLS_KEPT // (8 * securities))))
        self._alpha_vantage = Kept(self._bars.size)
        self._restatements = Kept(self._bars.size)
        self._stories = Kept(max(20, 60_000 // securities))

    @property
    def sessions(self) -> Sessions:
        return self._once("sessions", xnys)

    @property
    def universe(self) -> Universe:
        return self._once("universe", lambda: generate(self.seed, self.size, self.sessions))

    @property
    def prices(self) -> Prices:
        return self._once("prices", lambda: Prices(self.seed, self.universe, self.sessions))

    def _once(self, name: str, make: Callable[[], T]) -> T:
        """Create a part when it is first needed. One lock for all parts: one per part can deadlock."""
        if name not in self._parts:
            with self._building:
                if name not in self._parts:
                    self._parts[name] = make()
        return self._parts[name]  # type: ignore[return-value]  # stored under this key

    def security(self, ticker: str) -> Security | None:
        place = self.universe.by_ticker.get(ticker)
        return None if place is None else self.universe.securities[place]

    def stories(self, session: int) -> Stories:
        return self._stories.get(session, lambda: draw(self.seed, self.universe, self.sessions, session))

    def final_bars(self, session: int) -> Bars:
        """The bars of a session after all corrections."""
        return self._bars.get(session, lambda: self._shape(session))

    def bars(self, session: int, now: datetime) -> Bars | None:
        """The bars of a session as delivered at `now`; None before their first delivery."""
        if session >= self.sessions.delivered(now):
            return None
        return shapes.as_delivered(self.final_bars(session), self.restatements(session), now)

    def alpha_vantage_bars(self, session: int, now: datetime) -> Bars | None:
        bars = self.bars(session, now)
        if bars is None or bars is not self.final_bars(session):
            return None if bars is None else shapes.as_alpha_vantage(self.seed, bars)
        return self._alpha_vantage.get(session, lambda: shapes.as_alpha_vantage(self.seed, bars))

    def restatements(self, session: int) -> Restatements:
        closed_at = int(self.sessions.closes[session])
        return self._restatements.get(
            session, lambda: shapes.restatements(self.seed, self.universe, session, closed_at)
        )

    def split_factors(self, session: int, now: datetime) -> np.ndarray:
        """Per security, how many shares one share of `session` has become by the last session delivered at `now`."""
        return self._factors(session, self._simulated(now))

    def split_factor(self, place: int, session: int, now: datetime) -> float:
        """The same for one security."""
        return self.prices.divided(place, session, self._simulated(now))

    def splits(self, now: datetime) -> list[Split]:
        """Splits in effect by the last delivered session, oldest first."""
        last = self._simulated(now)
        return [split for split in self.prices.splits if split.session <= last]

    def dividends(self, now: datetime) -> list[Dividend]:
        """Dividends whose ex-date is a delivered session, oldest first."""
        last = self._simulated(now)
        return [dividend for dividend in self.prices.dividends if dividend.ex <= last]

    def announced_splits(self, now: datetime) -> list[Split]:
        """The splits that providers list at `now`: some are announced late."""
        last = self._simulated(now)
        numbered = enumerate(self.prices.splits)
        return [s for number, s in numbered if s.session + actions.delay(number, actions.LATE_SPLIT) <= last]

    def announced_dividends(self, now: datetime) -> list[Dividend]:
        """The dividends that providers list at `now`: some are announced late, some by mistake."""
        last = self._simulated(now)
        numbered = enumerate(self.prices.dividends)
        listed = [d for number, d in numbered if d.ex + actions.delay(number, actions.LATE_DIVIDEND) <= last]
        return listed + [d for d in self.mistaken_dividends(now) if last < d.ex + actions.ERROR_LASTS]

    def mistaken_dividends(self, now: datetime) -> list[Dividend]:
        """The dividends listed by mistake up to `now`, oldest first: they are withdrawn, and no price shows them."""
        found = []
        paid = {(d.ex, d.security) for d in self.prices.dividends}
        for ex in range(actions.ERROR_AT, self._simulated(now) + 1, actions.ERROR_EVERY):
            # One of the securities that are always listed, but not one that pays on that day.
            place = next(p for p in range(ex, ex + FEWEST) if (ex, p % FEWEST) not in paid) % FEWEST
            amount = max(0.01, round(float(self.prices.day(ex).close[place]) * 0.008, 2))
            found.append(Dividend(place, ex - actions.NOTICE, ex, ex + actions.PAYMENT, amount))
        return found

    def active(self, security: Security, day: date) -> bool:
        """Whether it is listed on `day`."""
        return security.listed_on <= day and (security.delisted_on is None or day < security.delisted_on)

    def _simulated(self, now: datetime) -> int:
        last = self.sessions.delivered(now) - 1
        if last >= 0:
            self.prices.day(last)
        return last

    def _factors(self, after: int, until: int) -> np.ndarray:
        factors = np.ones(len(self.universe))
        for split in self.prices.splits:
            if after < split.session <= until:
                factors[split.security] *= split.ratio
        return factors

    def _shape(self, session: int) -> Bars:
        opened = float(self.sessions.opens[session])
        day = self.prices.day(session)
        gaps = self.stories(session).effects(len(self.universe), before=opened)
        hours = 0.55 if self.sessions.is_half_day(session) else 1.0
        factors = self._factors(-1, session)
        return shapes.shape(self.seed, self.universe, session, day, gaps, factors, hours)
