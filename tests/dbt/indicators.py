"""Reference indicators: from TA-Lib where it has them, otherwise from NumPy, for one security at a time."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import talib
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from talib import MA_Type

Series = NDArray[np.float64]
HORIZONS = (1, 5, 20, 60, 252)

# What a difference is measured against. Most indicators are compared with themselves. Differences of prices (MACD) and
# values near a price (the bands) can be zero or cancel, so they have the digits of the price. Indicators with fixed
# bounds have the digits of their range.
PRICE = ("macd", "macd_signal", "macd_histogram", "bollinger_upper_20", "bollinger_lower_20")
EXPONENTIAL = (
    *(f"ema_{n}" for n in (12, 26, 50, 200)),
    *("macd", "macd_signal", "macd_histogram", "macd_fast"),
    *("rsi_14", "average_gain_14", "average_loss_14", "atr_14"),
)
PERCENT = ("rsi_14", "stochastic_k_14", "stochastic_d_14", "mfi_14")
UNIT = (
    "gap_return",
    "drawdown_252",
    "correlation_60",
    "beta_60",
    "volume_z_score_20",
    *(f"{kind}_return_{n}" for kind in ("simple", "log") for n in HORIZONS),
)


# TA-Lib moves its frames by adding the new bar and subtracting the old one, so the rounding of large values stays in
# its sums. Where that shows, TA-Lib computes the bars of the one frame alone.
FRAMES = {
    **{f"sma_{n}": n for n in (5, 10, 20, 50, 100, 200)},
    "bollinger_upper_20": 20,
    "bollinger_lower_20": 20,
    "stochastic_k_14": 18,
    "stochastic_d_14": 18,
    "mfi_14": 15,
}


def columns(bars: pd.DataFrame) -> dict[str, Series]:
    """The columns of the mart that indicators are made of."""
    names = {name: f"{name}_price" for name in ("open", "high", "low", "close")}
    names |= {"volume": "volume", "market": "market_return"}
    return {name: bars[column].to_numpy(dtype=float) for name, column in names.items()}


def expected(bars: Mapping[str, Series]) -> dict[str, Series]:
    """All indicators of one security, NaN while warming up."""
    return {**by_talib(bars), **by_numpy(bars)}


def by_talib(bars: Mapping[str, Series]) -> dict[str, Series]:
    high, low, close, volume = (bars[name] for name in ("high", "low", "close", "volume"))
    found: dict[str, Series] = {}
    for n in (5, 10, 20, 50, 100, 200):
        found[f"sma_{n}"] = talib.SMA(close, n)
    for n in (12, 26, 50, 200):
        found[f"ema_{n}"] = talib.EMA(close, n)
    found["macd"], found["macd_signal"], found["macd_histogram"] = talib.MACD(close, 12, 26, 9)
    found["rsi_14"] = talib.RSI(close, 14)
    found["atr_14"] = talib.ATR(high, low, close, 14)
    found["bollinger_upper_20"], _, found["bollinger_lower_20"] = talib.BBANDS(close, 20, 2.0, 2.0, MA_Type.SMA)
    found["stochastic_k_14"], found["stochastic_d_14"] = talib.STOCH(
        *(high, low, close, 14, 3, MA_Type.SMA, 3, MA_Type.SMA)
    )
    found["obv"] = talib.OBV(close, volume)
    found["mfi_14"] = talib.MFI(high, low, close, volume, 14)
    found["high_price_252"] = talib.MAX(high, 252)
    found["low_price_252"] = talib.MIN(low, 252)
    for n in HORIZONS:
        found[f"simple_return_{n}"] = talib.ROCP(close, n)
    return found


def by_numpy(bars: Mapping[str, Series]) -> dict[str, Series]:
    close, volume, market = bars["close"], bars["volume"], bars["market"]
    found: dict[str, Series] = {}
    for n in HORIZONS:
        found[f"log_return_{n}"] = _from(n, np.log(close[n:] / close[:-n]), close)
    found["gap_return"] = _from(1, bars["open"][1:] / close[:-1] - 1, close)
    log_returns = found["log_return_1"]
    for n in (20, 60):
        found[f"realised_volatility_{n}"] = _over(n, lambda w: np.std(w, axis=1, ddof=1) * np.sqrt(252), log_returns)
    found["drawdown_252"] = close / _over(252, lambda w: w.max(axis=1), bars["high"]) - 1
    found["volume_z_score_20"] = _over(20, _z_scores, volume)
    found["beta_60"] = _over(60, _slopes, found_return := _from(1, close[1:] / close[:-1] - 1, close), market)
    found["correlation_60"] = _over(60, _correlations, found_return, market)
    return found


def _from(start: int, values: Series, like: Series) -> Series:
    found = np.full(len(like), np.nan)
    found[start:] = values[: max(len(like) - start, 0)]
    return found


def _over(n: int, function: Callable[..., Series], *series: Series) -> Series:
    """`function` of the last n values at each place; NaN where one of them is."""
    found = np.full(len(series[0]), np.nan)
    if len(series[0]) >= n:
        found[n - 1 :] = function(*(sliding_window_view(values, n) for values in series))
    return found


def _z_scores(windows: Series) -> Series:
    deviations = np.std(windows, axis=1, ddof=1)
    deviations[windows.max(axis=1) == windows.min(axis=1)] = np.nan
    return (windows[:, -1] - windows.mean(axis=1)) / deviations


def _slopes(own: Series, market: Series) -> Series:
    centred = market - market.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return ((own - own.mean(axis=1, keepdims=True)) * centred).sum(axis=1) / (centred**2).sum(axis=1)


def _correlations(own: Series, market: Series) -> Series:
    own, market = (w - w.mean(axis=1, keepdims=True) for w in (own, market))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (own * market).sum(axis=1) / np.sqrt((own**2).sum(axis=1) * (market**2).sum(axis=1))


def difference(name: str, ours: Series, theirs: Series, close: Series) -> Series:
    """Relative differences, by the measure that `name` has; infinite where only one of the two has a value."""
    with np.errstate(invalid="ignore", divide="ignore"):
        measure: Series | float = np.abs(theirs)
        if name in PRICE:
            measure = close
        elif name in PERCENT:
            measure = 100.0
        elif name in UNIT:
            measure = np.maximum(1.0, np.abs(theirs))
        found = np.where(ours == theirs, 0.0, np.abs(ours - theirs) / measure)
    found[np.isnan(ours) & np.isnan(theirs)] = 0.0
    found[np.isnan(ours) != np.isnan(theirs)] = np.inf
    return found
