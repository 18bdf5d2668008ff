"""The simulated price of every security, session after session.

The daily log return is market + sector + own factor + news. Each factor's variance follows a GARCH(1,1), so that
volatility clusters as in real markets. The walk is sequential but drawn from one stream per session: a session's
prices never depend on how far, or in which steps, the simulation has been taken.
"""

import threading
from collections import deque
from dataclasses import dataclass
from math import prod

import numpy as np

from sandbox import actions
from sandbox.names import SECTORS
from sandbox.randomness import stream
from sandbox.securities import Universe
from sandbox.sessions import Sessions
from sandbox.stories import AFTERMATH, draw

MARKET_VARIANCE = 0.008**2
SECTOR_VARIANCE = 0.005**2
PERSISTENCE, REACTION = 0.89, 0.09
DRIFT = 0.0002
DEGREES_OF_FREEDOM = 5
# How far a second share class deviates.
OWN_WAY = 0.05


@dataclass(frozen=True)
class Day:
    """One session's outcome per security: `reference` is the previous close less split and dividend, in today's shares.

    `volatility` is the expected size of the day's log return; `trading` is true where there is a bar. `effect` is the
    part of the log return that stories cause, those of this session and of the ones before.
    """

    reference: np.ndarray
    close: np.ndarray
    volatility: np.ndarray
    trading: np.ndarray
    effect: np.ndarray


def garch(variance: np.ndarray, base: np.ndarray | float, shock: np.ndarray) -> np.ndarray:
    """The next session's variance, within bounds."""
    after = (1 - PERSISTENCE - REACTION) * base + PERSISTENCE * variance + REACTION * shock**2
    return np.clip(after, 0.15 * base, 16.0 * base)


class Prices:
    """The random walk, simulated as far as needed. Thread-safe."""

    def __init__(self, seed: int, universe: Universe, sessions: Sessions) -> None:
        self.seed, self.universe, self.sessions = seed, universe, sessions
        self.days: list[Day] = []
        self.splits: list[actions.Split] = []
        self.dividends: list[actions.Dividend] = []
        self._splits_of: dict[int, list[actions.Split]] = {}
        self._price = universe.price.copy()
        self._market = np.array([MARKET_VARIANCE])
        self._sectors = np.full(len(SECTORS), SECTOR_VARIANCE)
        self._own = universe.volatility**2
        self._effects: deque[np.ndarray] = deque(maxlen=len(AFTERMATH))  # of the sessions before, the newest first
        self._halted_until = np.zeros(len(universe), dtype=np.int64)
        self._lock = threading.Lock()

    def day(self, session: int) -> Day:
        """The outcome of the session at this position, simulating up to it when needed."""
        if session >= len(self.days):
            with self._lock:
                while session >= len(self.days):
                    self.days.append(self._step(len(self.days)))
        return self.days[session]

    def divided(self, security: int, after: int, until: int) -> float:
        """New shares for one old one, by the splits after one session and up to another."""
        splits = self._splits_of.get(int(security), ())
        return prod(split.ratio for split in splits if after < split.session <= until)

    def _step(self, session: int) -> Day:
        universe = self.universe
        rng = stream(self.seed, "returns", session)
        market = np.sqrt(self._market) * rng.standard_normal(1)
        sectors = np.sqrt(self._sectors) * rng.standard_normal(len(SECTORS))
        heavy = rng.standard_t(DEGREES_OF_FREEDOM, len(universe)) * np.sqrt(1 - 2 / DEGREES_OF_FREEDOM)
        own = np.sqrt(self._own) * heavy
        news = draw(self.seed, universe, self.sessions, session).effects(len(universe))
        volatility = np.sqrt(self._market * universe.beta**2 + self._sectors[universe.sector] + self._own)
        effect = news + sum(share * before for share, before in zip(AFTERMATH, self._effects, strict=False))
        self._effects.appendleft(news)
        moved = self._by_company(DRIFT + universe.beta * market + sectors[universe.sector] + own + effect)

        ordered = actions.halts(self.seed, universe, session)
        self._halted_until = np.maximum(self._halted_until, np.where(ordered > 0, session + ordered, 0))
        trading = universe.listed(session) & (self._halted_until <= session)
        reference = self._reference(session, trading)
        price = np.where(trading, np.maximum(reference * np.exp(moved), 0.05), reference)
        self._price = price
        self._market = garch(self._market, MARKET_VARIANCE, market)
        self._sectors = garch(self._sectors, SECTOR_VARIANCE, sectors)
        self._own = garch(self._own, universe.volatility**2, own + news / 2)
        effect = self._by_company(effect).astype(np.float32)
        return Day(reference, ticks(price), volatility.astype(np.float32), trading, effect)

    def _by_company(self, moved: np.ndarray) -> np.ndarray:
        """Log returns of which a second class of shares mostly has those of the first."""
        first = moved[self.universe.lead]
        return first + OWN_WAY * (moved - first)

    def _reference(self, session: int, trading: np.ndarray) -> np.ndarray:
        """Yesterday's prices adjusted for today's splits and dividends, which are recorded."""
        reference = self._price.copy()
        if (debut := self.universe.debut(session)) is not None:
            reference[debut] = self.universe.price[debut]
        for split in actions.splits(self.seed, self.universe, session, reference, trading):
            self.splits.append(split)
            self._splits_of.setdefault(split.security, []).append(split)
            reference[split.security] /= split.ratio
        for security in actions.going_ex(self.universe, session):
            declared = session - actions.NOTICE
            price = float(self.days[declared].close[security]) / self.divided(security, declared, session)
            amount = round(price * float(self.universe.dividend_yield[security]) / 4, 2 if price > 8 else 4)
            if 0 < amount < reference[security] / 2:
                paid = session + actions.PAYMENT
                self.dividends.append(actions.Dividend(int(security), declared, session, paid, amount))
                reference[security] -= amount
        return reference


def ticks(prices: np.ndarray) -> np.ndarray:
    """Prices as an exchange prints them: cents, and hundredths of a cent below a dollar."""
    return np.where(prices < 1, np.round(prices, 4), np.round(prices, 2))
