"""Stories with a known sentiment that move prices, drawn session by session.

Stories are numbers here; `articles.py` writes them as text. They only depend on the seed and the session,
so the news of an hour can be served before the prices that it will move exist.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from sandbox.randomness import stream
from sandbox.securities import Universe
from sandbox.sessions import NEW_YORK, Sessions, utc

PER_SECURITY = 0.35
COMPANIONS = 2
# The market underreacts: in the sessions after a story's own, its security moves by these shares of its impact.
AFTERMATH = (0.6, 0.3, 0.1)
# Relative amount of news by hour in New York: the busiest before the open and after the close.
BY_HOUR = np.array([1, 1, 1, 1, 2, 4, 8, 14, 18, 14, 9, 8, 7, 6, 6, 8, 16, 12, 6, 4, 3, 2, 2, 1], dtype=float)
WEEKEND = 0.15


@dataclass(frozen=True)
class Stories:
    """The stories that affect one session, in order of time: after the previous close, up to its own close.

    `times` are epoch seconds; `sentiments` run from -1 to 1; `impacts` are the log returns caused in the subject;
    `companions` are further securities mentioned (-1 for none), moved by a third of it; `topics` is a free number.
    """

    session: int
    times: np.ndarray
    subjects: np.ndarray
    companions: np.ndarray
    sentiments: np.ndarray
    impacts: np.ndarray
    topics: np.ndarray

    def effects(self, count: int, before: float | None = None) -> np.ndarray:
        """The log return that the stories (those `before` an instant only) cause in each of `count` securities."""
        counted = slice(None) if before is None else slice(0, int(np.searchsorted(self.times, before)))
        effects = np.zeros(count)
        np.add.at(effects, self.subjects[counted], self.impacts[counted])
        for companion in self.companions[counted].T:
            named = companion >= 0
            np.add.at(effects, companion[named], self.impacts[counted][named] / 3)
        return np.clip(effects, -0.3, 0.3)

    def mentioning(self, security: int) -> np.ndarray:
        """The places of the stories that name `security`."""
        return np.flatnonzero((self.subjects == security) | (self.companions == security).any(axis=1))


def draw(seed: int, universe: Universe, sessions: Sessions, session: int) -> Stories:
    """The stories that affect `session`."""
    rng = stream(seed, "stories", session)
    edges, weights = _intensity(sessions.previous_close(session), int(sessions.closes[session]))
    listed = universe.prominence * universe.listed(session) * (1 - 0.8 * universe.is_otc)
    count = int(rng.poisson(PER_SECURITY * len(universe) * weights.sum() / _weekday()))
    cumulated = np.concatenate([[0.0], np.cumsum(weights) / weights.sum()])
    times = np.sort(np.interp(rng.random(count), cumulated, edges)).astype(np.int64) + 1
    shares = np.cumsum(listed)
    shares /= shares[-1]
    subjects = np.searchsorted(shares, rng.random(count), side="right")
    accompanied = rng.random((count, COMPANIONS)) < np.array([0.3, 0.1])
    companions = np.full((count, COMPANIONS), -1)
    companions[accompanied] = np.searchsorted(shares, rng.random(int(accompanied.sum())), side="right")
    companions[companions == subjects[:, None]] = -1
    companions[companions[:, 0] == companions[:, 1], 1] = -1
    strong = np.where(rng.random(count) < 0.5, 1, -1) * (0.1 + 0.45 * rng.random((2, count)).sum(0))
    sentiments = np.where(rng.random(count) < 0.25, rng.normal(0, 0.05, count), strong)
    heeded = np.where(rng.random(count) < 0.7, np.exp(rng.normal(0, 0.4, count)), 0.0)
    return Stories(
        session=session,
        times=times,
        subjects=subjects,
        companions=companions,
        sentiments=np.round(sentiments, 6),
        impacts=sentiments * heeded * 1.5 * universe.volatility[subjects],
        topics=rng.integers(0, 1 << 31, count),
    )


def _intensity(start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges (epoch seconds) of the hours between two closes, and the amount of news in each."""
    edges = np.append(np.arange(start, end, 3600), end)
    hours = [utc(float(edge)).astimezone(NEW_YORK) for edge in edges[:-1]]
    weights = [BY_HOUR[hour.hour] * (WEEKEND if hour.weekday() > 4 else 1.0) for hour in hours]
    return edges, np.array(weights) * np.diff(edges) / timedelta(hours=1).total_seconds()


def _weekday() -> float:
    return float(BY_HOUR.sum())
