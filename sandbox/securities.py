"""The securities of the simulated market, and the numbers that drive their prices."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sandbox import names, successions
from sandbox.identities import Security, identify
from sandbox.randomness import stream
from sandbox.sessions import Sessions

NEVER = 1 << 30
FEWEST, MOST = len(names.FIXED), 12_000


@dataclass(frozen=True)
class Universe:
    """All securities, and per security (arrays in their order): the parameters of the simulation.

    `volatility` is the daily idiosyncratic one, `shares` the typical daily volume, `dividend_yield` a fraction a year
    (0 for those that pay none), `prominence` how often it is in the news. `lead` is the place of the same company's
    first class of shares, mostly the security itself. At the place `reused` (-1: none) there is one of `successive`
    after the other.
    """

    securities: tuple[Security, ...]
    by_ticker: dict[str, int]
    sector: np.ndarray
    beta: np.ndarray
    volatility: np.ndarray
    price: np.ndarray
    shares: np.ndarray
    dividend_yield: np.ndarray
    dividend_phase: np.ndarray
    prominence: np.ndarray
    first: np.ndarray
    end: np.ndarray
    is_fund: np.ndarray
    is_otc: np.ndarray
    is_fixed: np.ndarray
    lead: np.ndarray
    reused: int
    successive: tuple[Security, ...]

    def __len__(self) -> int:
        return len(self.securities)

    def listed(self, position: int) -> np.ndarray:
        """Which securities are listed in the session at `position`."""
        listed = (self.first <= position) & (position < self.end)
        if self.successive and not successions.is_listed(position):
            listed[self.reused] = False
        return listed

    def at(self, place: int, position: int) -> Security:
        """The security at `place` in the session at `position`."""
        if place != self.reused:
            return self.securities[place]
        return self.successive[min(position // successions.EVERY, len(self.successive) - 1)]

    def debut(self, position: int) -> int | None:
        """The place at which another company begins to trade in the session at `position`."""
        return self.reused if self.successive and position and position % successions.EVERY == 0 else None

    def listings(self) -> Iterator[Security]:
        """All securities, those with the same ticker too."""
        for place, security in enumerate(self.securities):
            yield from self.successive if place == self.reused else (security,)


def generate(seed: int, count: int, sessions: Sessions) -> Universe:
    """`count` securities, the ten fixed ones first; the last is the one whose ticker is reused."""
    rng = stream(seed, "securities")
    fixed = np.arange(count) < len(names.FIXED)
    successive = successions.companies(seed, sessions) if count > len(names.FIXED) else ()
    reused = count - 1 if successive else -1
    common = ~fixed & (np.arange(count) != reused)
    is_fund = common & (rng.random(count) < 0.12)
    is_otc = common & ~is_fund & (rng.random(count) < 0.03)
    first = np.where(common & (rng.random(count) < 0.08), rng.integers(20, 1000, count), 0)
    end = np.where(common & (rng.random(count) < 0.07), first + rng.integers(60, 1200, count), NEVER)
    size = rng.normal(0, 1.3, count) + fixed * 1.5 - is_otc * 2.0
    securities = tuple(identify(seed, sessions, is_fund, is_otc, first, end))
    securities = (*securities[:reused], *successive[:1]) if successive else securities
    by_ticker = {security.ticker: place for place, security in enumerate(securities)}
    return Universe(
        securities=securities,
        by_ticker=by_ticker,
        sector=np.array([names.SECTORS.index(security.sector) for security in securities]),
        beta=np.where(is_fund, 1.0, np.clip(rng.normal(1.0, 0.35, count), 0.2, 2.2)),
        volatility=np.where(is_fund, 0.002, np.clip(np.exp(rng.normal(-4.2, 0.35, count) - 0.12 * size), 0.006, 0.06)),
        price=np.round(np.clip(np.exp(rng.normal(3.7, 0.8, count) + 0.2 * size), 1.5, 900.0), 2),
        shares=np.clip(np.exp(rng.normal(13.2, 0.6, count) + 0.9 * size), 2e3, 8e7),
        dividend_yield=np.where(
            (rng.random(count) < 0.45) & (first == 0) & (np.arange(count) != reused),
            rng.uniform(0.006, 0.05, count),
            0.0,
        ),
        dividend_phase=rng.integers(16, 63, count),
        prominence=np.where(is_fund, 0.05, np.clip(np.exp(0.5 * size), 0.1, 8.0)),
        first=first,
        end=end,
        is_fund=is_fund,
        is_otc=is_otc,
        is_fixed=fixed,
        lead=np.array([by_ticker.get(ticker.replace(".B", ".A"), place) for ticker, place in by_ticker.items()]),
        reused=reused,
        successive=successive,
    )
