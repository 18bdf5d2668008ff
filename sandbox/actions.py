"""Corporate actions of a session: splits, dividends and trading halts."""

from dataclasses import dataclass

import numpy as np

from sandbox.randomness import stream
from sandbox.securities import Universe

QUARTER = 63
# Of so many splits or dividends one is announced late: so many sessions after it took effect.
LATE_SPLIT, LATE_DIVIDEND = (2, 2), (12, 3)
# Every so many sessions a dividend is listed that nobody pays, and withdrawn so many sessions later.
ERROR_EVERY, ERROR_AT, ERROR_LASTS = 31, 17, 4
NOTICE = 15
PAYMENT = 14


@dataclass(frozen=True)
class Split:
    """`split_to` new shares for `split_from` old ones, from the session at `session` on."""

    security: int
    session: int
    split_from: int
    split_to: int

    @property
    def ratio(self) -> float:
        return self.split_to / self.split_from


@dataclass(frozen=True)
class Dividend:
    """`amount` dollars per share, announced at `declared`, ex-dividend from the session `ex` on, paid at `paid`."""

    security: int
    declared: int
    ex: int
    paid: int
    amount: float


def splits(seed: int, universe: Universe, session: int, prices: np.ndarray, trading: np.ndarray) -> list[Split]:
    """The splits that take effect in `session`: expensive shares are split, cheap ones merged."""
    rng = stream(seed, "splits", session)
    chance, pick = rng.random(len(universe)), rng.random(len(universe))
    hazard = np.where(prices > 400, 0.004, np.where(prices > 40, 0.00012, 0.0)) + np.where(prices < 2, 0.01, 0.0)
    found = np.flatnonzero(trading & ~universe.is_fund & (chance < hazard) & (universe.first < session))
    found = found[found != universe.reused]
    return [Split(int(i), session, *_ratio(float(prices[i]), float(pick[i]))) for i in found]


def _ratio(price: float, pick: float) -> tuple[int, int]:
    if price < 2:
        return (10, 1) if pick < 0.6 else (20, 1)
    if price > 400:
        return (1, 10) if pick < 0.5 else (1, 4)
    return (1, 2) if pick < 0.5 else (2, 3) if pick < 0.75 else (1, 3)


def going_ex(universe: Universe, session: int) -> np.ndarray:
    """The securities that trade without their quarterly dividend from `session` on."""
    due = (session >= universe.dividend_phase) & ((session - universe.dividend_phase) % QUARTER == 0)
    return np.flatnonzero(due & (universe.dividend_yield > 0) & universe.listed(session))


def delay(number: int, late: tuple[int, int]) -> int:
    """How many sessions after it took effect the action at place `number` of its kind is announced; mostly 0."""
    every, sessions = late
    return sessions if number % every == every // 2 else 0


def halts(seed: int, universe: Universe, session: int) -> np.ndarray:
    """For how many sessions from `session` on each security is halted by an order of that day (mostly 0)."""
    rng = stream(seed, "halts", session)
    ordered = (rng.random(len(universe)) < 0.00025) & ~universe.is_fixed & (universe.first < session)
    return np.where(ordered, rng.integers(1, 4, len(universe)), 0)
