"""Identities of the simulated securities: tickers from names, CIKs, FIGIs, exchanges, listing dates."""

import random
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from sandbox import names
from sandbox.sessions import START, Sessions

LETTERS = "BCDFGHJKLMNPQRSTVWXYZ0123456789"


@dataclass(frozen=True)
class Security:
    """One listing. `delisted_on` is the first session without it; `first` and `end` are positions of sessions."""

    ticker: str
    name: str
    sector: str
    type: str
    mic: str
    cik: str | None
    composite_figi: str
    share_class_figi: str
    listed_on: date
    delisted_on: date | None
    first: int
    end: int
    is_otc: bool


def identify(
    seed: int, sessions: Sessions, is_fund: np.ndarray, is_otc: np.ndarray, first: np.ndarray, end: np.ndarray
) -> Iterator[Security]:
    rng = random.Random(f"identities {seed}")
    taken = {ticker for ticker, *_ in names.FIXED} | {names.REUSED}
    ciks = rng.sample(range(1_000_000, 1_900_000), len(first))
    sibling: Security | None = None
    for place, cik in enumerate(ciks):
        begin, stop = int(first[place]), int(end[place])
        company = f"{cik:010d}"
        mic, kind = rng.choice(("XNAS", "XNAS", "XNYS", "XNYS", "XASE")), "ADRC" if rng.random() < 0.04 else "CS"
        if place < len(names.FIXED):
            ticker, name, sector, mic = names.FIXED[place]
            kind = "CS"
        elif is_fund[place]:
            ticker, name = _fund(rng, taken)
            sector, kind, mic = rng.choice(names.SECTORS), "ETF", rng.choice(("ARCX", "BATS", "XNAS"))
        elif sibling and sibling.ticker.endswith(".A") and sibling.ticker[:-1] + "B" not in taken:
            ticker, name = sibling.ticker[:-1] + "B", sibling.name.replace("Class A", "Class B")
            sector, mic, company, kind = sibling.sector, sibling.mic, sibling.cik or company, sibling.type
        else:
            ticker, name, sector = _company(rng, taken, otc=bool(is_otc[place]))
        taken.add(ticker)
        sibling = Security(
            ticker=ticker,
            name=name,
            sector=sector,
            type=kind,
            mic="" if is_otc[place] else mic,
            cik=None if kind == "ETF" and rng.random() < 0.5 else company,
            composite_figi=figi(rng, "BBG00"),
            share_class_figi=figi(rng, "BBG001S"),
            listed_on=sessions.dates[begin] if begin else START - timedelta(days=rng.randint(400, 20_000)),
            delisted_on=sessions.dates[stop] if stop < len(sessions.dates) else None,
            first=begin,
            end=stop,
            is_otc=bool(is_otc[place]),
        )
        yield sibling


def _company(rng: random.Random, taken: set[str], *, otc: bool) -> tuple[str, str, str]:
    sector = rng.choice(names.SECTORS)
    first, second = rng.choice(names.FIRST), rng.choice(names.SECOND[sector])
    name = f"{first} {second}{rng.choice(names.ENDINGS)}"
    if otc:
        return _ticker(rng, (first + second).upper(), 4, taken, "F"), name, sector
    length = rng.choices((1, 2, 3, 4), (2, 10, 45, 43))[0]
    ticker = _ticker(rng, (first + second).upper(), length, taken)
    if length == 3 and rng.random() < 0.04:
        return f"{ticker}.A", f"{name} Class A", sector
    return ticker, name, sector


def _fund(rng: random.Random, taken: set[str]) -> tuple[str, str]:
    house, theme = rng.choice(names.FIRST), rng.choice(names.FUND_THEMES)
    letters = (house + theme).replace(" ", "").replace("-", "").upper()
    return _ticker(rng, letters, rng.choice((3, 4)), taken), f"{house} {theme} ETF"


def _ticker(rng: random.Random, letters: str, length: int, taken: set[str], ending: str = "") -> str:
    """An unused ticker: letters of the name in order, or others if those are taken."""
    for attempt in range(60):
        if attempt < 20:
            places = sorted(rng.sample(range(1, len(letters)), length - 1))
            ticker = letters[0] + "".join(letters[place] for place in places) + ending
        else:
            ticker = letters[0] + "".join(rng.choices(string.ascii_uppercase, k=max(length, 4) - 1)) + ending
        if ticker not in taken and f"{ticker}.A" not in taken:
            return ticker
    raise RuntimeError(f"no free ticker of {length} letters for {letters}")


def figi(rng: random.Random, prefix: str) -> str:
    """A FIGI of valid shape: `prefix`, consonants and digits, and the check digit of the standard."""
    body = prefix + "".join(rng.choices(LETTERS, k=11 - len(prefix)))
    return body + check_digit(body)


def check_digit(body: str) -> str:
    """The twelfth character of a FIGI (modulus 10, double-add-double over letters as numbers)."""
    values = (int(character, 36) * (2 if place % 2 else 1) for place, character in enumerate(body))
    return str(-sum(value // 100 + value // 10 % 10 + value % 10 for value in values) % 10)
