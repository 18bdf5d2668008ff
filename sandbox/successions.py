"""A ticker that one company after the other has: each is delisted, and some sessions later another one takes it."""

import random
from datetime import timedelta

from sandbox import names
from sandbox.identities import Security, figi
from sandbox.sessions import START, Sessions

SECTOR = "Technology"
# For how many sessions each company has the ticker, and after how many more the next one does.
LISTED, EVERY = 44, 50


def is_listed(position: int) -> bool:
    """Whether a company has the ticker in the session at `position`."""
    return position % EVERY < LISTED


def companies(seed: int, sessions: Sessions) -> tuple[Security, ...]:
    """The companies that have the ticker, in order of time."""
    rng = random.Random(f"successions {seed}")
    firsts = range(0, len(sessions.dates) - LISTED, EVERY)
    ciks = rng.sample(range(1_900_000, 2_000_000), len(firsts))
    return tuple(_company(rng, sessions, first, f"{cik:010d}") for first, cik in zip(firsts, ciks, strict=True))


def _company(rng: random.Random, sessions: Sessions, first: int, cik: str) -> Security:
    name = f"Hank {rng.choice(names.FIRST)} {rng.choice(names.SECOND[SECTOR])}{rng.choice(names.ENDINGS)}"
    return Security(
        ticker=names.REUSED,
        name=name,
        sector=SECTOR,
        type="CS",
        mic="XNAS",
        cik=cik,
        composite_figi=figi(rng, "BBG00"),
        share_class_figi=figi(rng, "BBG001S"),
        listed_on=sessions.dates[first] if first else START - timedelta(days=400),
        delisted_on=sessions.dates[first + LISTED],
        first=first,
        end=first + LISTED,
        is_otc=False,
    )
