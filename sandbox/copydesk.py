"""Copies of a story by outlet, with the faults of real feeds.

Copies are retitled a little; some become available long after they were published, some are edited later, some carry
timestamps that cannot be read.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sandbox.outlets import Outlet

DASHES = "-|\u2013"
LONGEST_LAG = timedelta(hours=6)
LONGEST_DELAY = timedelta(hours=72)
LATE_SHARE, EDITED_SHARE, MISSING_DATE_SHARE, BROKEN_DATE_SHARE = 0.03, 0.03, 0.015, 0.02


@dataclass(frozen=True)
class Article:
    """One copy of a story. Available through providers from `available_at`; with its second title from `edited_at`.

    `mentions` are (ticker, sentiment -1..1, relevance 0..1), the story's subject first; `url` is canonical, without
    tracking; `date_fault` is what is wrong with its date in feeds.
    """

    story_id: str
    outlet: Outlet
    url: str
    title: str
    edited_title: str | None
    edited_at: datetime | None
    summary: str
    author: str | None
    published_at: datetime
    available_at: datetime
    mentions: tuple[tuple[str, float, float], ...]
    sentiment: float
    topic: str
    date_fault: Literal["none", "missing", "broken"]
    luck: float

    def title_at(self, now: datetime) -> str:
        return self.edited_title if self.edited_title and self.edited_at and self.edited_at <= now else self.title

    def changed_at(self, now: datetime) -> datetime:
        """When its text last changed, as far as is known at `now`."""
        return self.edited_at if self.edited_at and self.edited_at <= now else self.available_at

    @property
    def order(self) -> tuple[datetime, str]:
        return self.published_at, self.url


@dataclass(frozen=True)
class Draft:
    """What all copies of a story have in common."""

    story_id: str
    slug: str
    headline: str
    german: str
    summary: str
    company: str
    moment: datetime
    mentions: tuple[tuple[str, float, float], ...]
    sentiment: float
    topic: str


def edit(rng: random.Random, draft: Draft, outlet: Outlet, *, first: bool) -> Article:
    lag = 0 if first else int(min(rng.expovariate(1 / 1500), LONGEST_LAG.total_seconds()))
    published = draft.moment + timedelta(seconds=lag)
    late = rng.random() < LATE_SHARE
    delay = rng.uniform(6 * 3600, LONGEST_DELAY.total_seconds()) if late else rng.uniform(30, 600)
    available = published + timedelta(seconds=int(delay))
    title = draft.german if outlet.habit == "german" else retitled(rng, draft, outlet, first=first)
    edited = rng.random() < EDITED_SHARE
    fate = rng.random()
    spoilt = fate < MISSING_DATE_SHARE + BROKEN_DATE_SHARE
    return Article(
        story_id=draft.story_id,
        outlet=outlet,
        url=f"https://{outlet.domain}/{published:%Y/%m/%d}/{draft.slug}",
        title=title,
        edited_title=rng.choice(("CORRECTED: ", "UPDATE 2-")) + title if edited else None,
        edited_at=available + timedelta(seconds=rng.randint(1800, 86_400)) if edited else None,
        summary=draft.summary,
        author=rng.choice(outlet.authors) if outlet.authors and rng.random() < 0.8 else None,
        published_at=published,
        available_at=available,
        mentions=draft.mentions,
        sentiment=draft.sentiment,
        topic=draft.topic,
        date_fault="none" if not spoilt else "missing" if fate < MISSING_DATE_SHARE else "broken",
        luck=rng.random(),
    )


def retitled(rng: random.Random, draft: Draft, outlet: Outlet, *, first: bool) -> str:
    """The headline in this outlet: some repeat it verbatim, others change it."""
    headline, name, ticker = draft.headline, draft.company, draft.mentions[0][0]
    if outlet.habit == "cashtag":
        return headline.replace(name, f"{name} ${ticker}", 1) if rng.random() < 0.7 else f"${ticker}: {headline}"
    if outlet.habit == "shout" and rng.random() < 0.3:
        return headline.upper()
    if outlet.habit == "suffix" and rng.random() < 0.6:
        return f"{headline} {rng.choice(DASHES)} {outlet.name}"
    mark = 1.0 if first else rng.random()
    if mark < 0.12:
        return f"UPDATE 1-{headline}"
    if mark < 0.24:
        return headline.replace(name, f"{name} ({ticker})", 1)
    if mark < 0.32:
        return headline.replace(" ", "  ", 1) + " "
    return f"{headline[: len(headline) * 3 // 4].rsplit(' ', 1)[0]}…" if mark < 0.37 else headline
