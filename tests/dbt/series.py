"""Random series of bars in many shapes, made to find where an indicator loses digits, and the real archives."""

import tarfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

FIRST = date(1980, 1, 1)
LENGTH = 3000
# Where windows fill and averages begin.
LIVES = (1, 2, 5, 14, 15, 18, 19, 20, 21, 26, 33, 34, 60, 61, 62, 199, 200, 201, 251, 252, 253, 276, 277, 379, 380, 381)


def random_bars(seed: int = 11) -> pd.DataFrame:
    """Bars of several dozen made-up securities over 3,000 days, each in a shape of its own."""
    random = np.random.default_rng(seed)
    frames = [_bars(ticker, close, random) for ticker, close in _shapes(random)]
    bars = pd.concat(frames, ignore_index=True)
    volume = bars["volume"].to_numpy(copy=True)
    at = {ticker: np.flatnonzero(bars["ticker"] == ticker) for ticker in ("WALK0", "WALK1", "WALK2", "TICKS1")}
    volume[at["WALK0"][500:900]] = 0
    volume[at["WALK1"][:1000]] *= 1e6
    volume[at["WALK2"]] /= 3
    volume[at["TICKS1"][random.random(LENGTH) < 0.4]] = 0
    bars["volume"] = volume
    thinned = (bars["ticker"] == "HALTED") & (random.random(len(bars)) < 0.1)
    bars.insert(0, "security_key", -1 - pd.factorize(bars["ticker"])[0])
    return bars[~thinned].reset_index(drop=True)


def _shapes(random: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    def walk(sigma: float = 0.02, drift: float = 0.0, length: int = LENGTH) -> np.ndarray:
        return 50 * np.exp(np.cumsum(random.normal(drift, sigma, length)))

    for n in range(4):
        yield f"WALK{n}", walk()
        yield f"TICKS{n}", np.maximum(walk().round(2), 0.01)
    yield "HALTED", walk()
    yield "LATE", walk()
    yield "RISING", walk(0.01, 0.004)
    yield "FALLING", walk(0.01, -0.004)
    yield "TINY", walk() * 1e-7
    yield "HUGE", walk() * 1e9
    yield "CONSTANT", np.full(LENGTH, 3.3)
    yield "STEADY", walk(1e-5)
    runs = walk()
    for start in range(100, LENGTH, 300):
        runs[start : start + int(random.integers(2, 280))] = runs[start]
    runs[1200:2200] = runs[1200]
    yield "RUNS", runs
    cliff = walk()
    cliff[1500:] /= 1e5
    yield "CLIFF", cliff
    yield "ONLYUP", np.linspace(10, 400, LENGTH)
    yield "ONLYDOWN", np.linspace(400, 10, LENGTH)
    for length in LIVES:
        yield f"LIFE{length}", walk(length=length)


def _bars(ticker: str, close: np.ndarray, random: np.random.Generator) -> pd.DataFrame:
    """Bars around the closes; a close that does not move has no range. All series end on the last day."""
    before = np.concatenate([close[:1], close[:-1]])
    moves = np.where(close == before, 0.0, 0.01)
    opened = before * (1 + moves * random.normal(0, 0.3, len(close)))
    high = np.maximum(opened, close) * (1 + moves * random.random(len(close)))
    low = np.minimum(opened, close) * (1 - moves * random.random(len(close)))
    if ticker.startswith("TICKS"):
        opened, high, low = np.clip(opened.round(2), 0.01, None), high.round(2), np.maximum(low.round(2), 0.01)
        high, low = np.maximum.reduce([opened, high, close]), np.minimum.reduce([opened, low, close])
    days = [FIRST + timedelta(days=LENGTH - len(close) + n) for n in range(len(close))]
    volume = random.integers(100, 1_000_000, len(close)).astype(float)
    frame = {"ticker": ticker, "trading_date": days, "open": opened, "high": high, "low": low, "close": close}
    return pd.DataFrame({**frame, "volume": volume})


def archived_bars(folder: Path) -> pd.DataFrame:
    """Every bar of the archives as delivered last."""
    frames = []
    for path in sorted(folder.glob("2015*.tar.gz")):
        with tarfile.open(path) as archive:
            member = archive.extractfile("prices.csv")
            assert member is not None
            frames.append(pd.read_csv(member, dtype=str, keep_default_na=False))
    bars = pd.concat(frames, ignore_index=True)
    bars = bars[bars["symbol"] != "symbol"].drop_duplicates(["symbol", "date"], keep="last")
    numbers = {name: pd.to_numeric(bars[name], errors="coerce") for name in ("open", "high", "low", "close", "volume")}
    keys = {"security_key": 1 + pd.factorize(bars["symbol"])[0], "ticker": bars["symbol"]}
    return pd.DataFrame({**keys, "trading_date": pd.to_datetime(bars["date"]).dt.date, **numbers})
