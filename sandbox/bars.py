"""Daily bars: the prices of a session around its close, and what each provider delivers when.

A small share of bars is first delivered with a value that is restated some hours or days later, and
Alpha Vantage's bars differ a little from Polygon's.
"""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from sandbox.prices import Day, ticks
from sandbox.randomness import stream
from sandbox.securities import Universe

RESTATED_SHARE = 0.015
DISAGREEMENT_SHARE = 0.02
FINE_PRICE_SHARE = 0.08


@dataclass(frozen=True)
class Bars:
    """A session's bars as traded, one place per security (nonsense where not `trading`)."""

    session: int
    trading: np.ndarray
    open: np.ndarray
    high: np.ndarray
    low: np.ndarray
    close: np.ndarray
    volume: np.ndarray
    vwap: np.ndarray
    transactions: np.ndarray


@dataclass(frozen=True)
class Restatements:
    """The bars first delivered with other values: securities, times of correction (epoch s), first values."""

    securities: np.ndarray
    corrected_at: np.ndarray
    close_shift: np.ndarray
    volume_factor: np.ndarray


def shape(
    seed: int, universe: Universe, session: int, day: Day, gaps: np.ndarray, splits: np.ndarray, hours: float
) -> Bars:
    """The bars of `session` in their final version.

    `gaps` is the log return by news before the open, `splits` how many shares one share of the first day has become,
    `hours` the fraction of a full day that the session lasts.
    """
    rng = stream(seed, "shape", session)
    count = len(universe)
    volatility = day.volatility.astype(float)
    moved = np.log(day.close / day.reference)
    open_ = day.reference * np.exp(gaps + 0.3 * (moved - gaps) + 0.2 * volatility * rng.standard_normal(count))
    open_, close = _print(open_, rng.random(count)), day.close
    top, bottom = np.maximum(open_, close), np.minimum(open_, close)
    high = np.maximum(
        _print(top * np.exp(0.4 * volatility * np.abs(rng.standard_normal(count))), rng.random(count)), top
    )
    low = np.minimum(
        _print(bottom * np.exp(-0.4 * volatility * np.abs(rng.standard_normal(count))), rng.random(count)), bottom
    )
    busy = 0.55 + 0.45 * np.abs(moved) / volatility
    volume = np.round(universe.shares * splits * hours * busy * np.exp(0.3 * rng.standard_normal(count))) + 100
    middle = (open_ + high + low + 2 * close) / 5 + (high - low) * rng.normal(0, 0.08, count)
    trade_size = np.exp(rng.normal(4.5, 0.3, count))
    return Bars(
        session=session,
        trading=day.trading,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=volume,
        vwap=np.round(np.clip(middle, low, high), 4),
        transactions=np.maximum(1, volume / trade_size).astype(np.int64),
    )


def restatements(seed: int, universe: Universe, session: int, closed_at: int) -> Restatements:
    """The bars of `session` that are corrected later, 6 to 60 hours after the close at `closed_at`."""
    rng = stream(seed, "restatements", session)
    securities = np.flatnonzero(rng.random(len(universe)) < RESTATED_SHARE)
    count = len(securities)
    cents = np.where(rng.random(count) < 0.3, rng.integers(1, 6, count) * rng.choice([-0.01, 0.01], count), 0.0)
    factor = np.where((cents == 0) | (rng.random(count) < 0.5), 1 - rng.uniform(0.002, 0.06, count), 1.0)
    return Restatements(securities, closed_at + rng.uniform(6, 60, count) * 3600, cents, factor)


def as_delivered(bars: Bars, changes: Restatements, now: datetime) -> Bars:
    """The bars as of `now`: before its correction, a restated bar has its first value."""
    pending = changes.corrected_at > now.timestamp()
    if not pending.any():
        return bars
    return _altered(bars, changes.securities[pending], changes.close_shift[pending], changes.volume_factor[pending])


def as_alpha_vantage(seed: int, bars: Bars) -> Bars:
    """The same bars from Alpha Vantage: a few closes and volumes differ permanently."""
    rng = stream(seed, "alpha vantage", bars.session)
    count = len(bars.close)
    differs = np.flatnonzero(rng.random(count) < DISAGREEMENT_SHARE)
    cents = np.where(rng.random(len(differs)) < 0.35, rng.choice([-0.02, -0.01, 0.01, 0.02], len(differs)), 0.0)
    return _altered(bars, differs, cents, 1 + rng.uniform(-0.01, 0.01, len(differs)))


def _altered(bars: Bars, securities: np.ndarray, cents: np.ndarray, factor: np.ndarray) -> Bars:
    close, high, low, volume = bars.close.copy(), bars.high.copy(), bars.low.copy(), bars.volume.copy()
    cents = np.where(close[securities] < 1, 0.0, cents)
    close[securities] = ticks(close[securities] + cents)
    high[securities] = np.maximum(high[securities], close[securities])
    low[securities] = np.minimum(low[securities], close[securities])
    volume[securities] = np.maximum(np.round(volume[securities] * factor), 1)
    return replace(bars, close=close, high=high, low=low, volume=volume)


def _print(prices: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Mostly in cents; some prices between cents, as of mid-point trades."""
    return np.where(luck < FINE_PRICE_SHARE, np.round(prices, 4), ticks(prices))
