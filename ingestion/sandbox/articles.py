"""Articles: the stories in words, as each outlet published them, with the faults that real feeds have.

One story appears at several outlets, retitled a little; some copies become available long after they were published,
some are edited later, some carry timestamps that cannot be read.
"""

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ingestion.sandbox import phrases
from ingestion.sandbox.outlets import OUTLETS, Outlet
from ingestion.sandbox.securities import Universe
from ingestion.sandbox.sessions import utc
from ingestion.sandbox.stories import Stories

LONGEST_LAG = timedelta(hours=6)
LONGEST_DELAY = timedelta(hours=72)
LATE_SHARE, EDITED_SHARE, MISSING_DATE_SHARE, BROKEN_DATE_SHARE = 0.03, 0.03, 0.015, 0.02


@dataclass(frozen=True)
class Article:
    """One copy of a story. Available through providers from `available_at`; with its second title from `edited_at`.

    `mentions` are (ticker, sentiment -1..1, relevance 0..1), the story's subject first; `url` is canonical, without
    tracking; `date_fault` says how feeds spoil its date.
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


def write(seed: int, universe: Universe, stories: Stories, place: int) -> list[Article]:
    """All copies of the story at `place` of `stories`, the original first."""
    rng = random.Random(f"{seed} {stories.session} {place}")
    subject = universe.securities[int(stories.subjects[place])]
    others = [universe.securities[int(i)] for i in stories.companions[place] if i >= 0]
    sentiment = float(stories.sentiments[place])
    mentions = [(subject.ticker, sentiment, 1.0)]
    mentions += [(o.ticker, round(sentiment / 3, 6), round(rng.uniform(0.2, 0.8), 6)) for o in others]
    topic = phrases.TOPICS[int(stories.topics[place]) % len(phrases.TOPICS)]
    tone = phrases.tone(sentiment)
    words = {
        "name": short(subject.name),
        "other": short(others[0].name) if others else "rivals",
        "ticker": subject.ticker,
        "n": rng.randint(3, 38),
        "m": rng.choice((12, 25, 40, 75, 120, 250, 480, 900)),
        "q": f"Q{rng.randint(1, 4)}",
        "tone": phrases.TONES[tone],
    }
    headline = rng.choice((topic.bad, topic.neutral, topic.good)[tone]).format(**words)
    german = topic.german[tone].format(**words)
    summary = rng.choice(phrases.SUMMARIES).format(**words)
    outlets = rng.sample(OUTLETS, rng.choices((1, 2, 3, 4, 5), (40, 28, 17, 10, 5))[0])
    moment = utc(float(stories.times[place]))
    found = []
    for copy, outlet in enumerate(outlets):
        lag = timedelta(seconds=int(min(rng.expovariate(1 / 1500), LONGEST_LAG.seconds))) if copy else timedelta(0)
        published = moment + lag
        late = rng.random() < LATE_SHARE
        delay = rng.uniform(6 * 3600, LONGEST_DELAY.total_seconds()) if late else rng.uniform(30, 600)
        available = published + timedelta(seconds=int(delay))
        title = (
            german if outlet.habit == "german" else retitled(rng, headline, outlet, subject.ticker, short(subject.name), copy)
        )
        edited = rng.random() < EDITED_SHARE
        slug = re.sub(r"[^a-z0-9]+", "-", headline.lower()).strip("-")
        luck = rng.random()
        found.append(
            Article(
                story_id=f"{stories.session}-{place}",
                outlet=outlet,
                url=f"https://{outlet.domain}/{published:%Y/%m/%d}/{slug}-{stories.session}{place:04d}",
                title=title,
                edited_title=rng.choice(("CORRECTED: ", "UPDATE 2-")) + title if edited else None,
                edited_at=available + timedelta(seconds=rng.randint(1800, 86_400)) if edited else None,
                summary=summary,
                author=rng.choice(outlet.authors) if outlet.authors and rng.random() < 0.8 else None,
                published_at=published,
                available_at=available,
                mentions=tuple(mentions),
                sentiment=sentiment,
                topic=topic.name,
                date_fault="missing"
                if luck < MISSING_DATE_SHARE
                else "broken"
                if luck < MISSING_DATE_SHARE + BROKEN_DATE_SHARE
                else "none",
                luck=rng.random(),
            )
        )
    return found


def retitled(rng: random.Random, headline: str, outlet: Outlet, ticker: str, name: str, copy: int) -> str:
    """The headline as this outlet prints it: some repeat it word for word, others leave their mark."""
    if outlet.habit == "cashtag":
        return headline.replace(name, f"{name} ${ticker}", 1) if rng.random() < 0.7 else f"${ticker}: {headline}"
    if outlet.habit == "shout" and rng.random() < 0.3:
        return headline.upper()
    if outlet.habit == "suffix" and rng.random() < 0.6:
        return f"{headline} {rng.choice('-|\u2013')} {outlet.name}"
    if not copy:
        return headline
    edit = rng.random()
    if edit < 0.12:
        return f"UPDATE 1-{headline}"
    if edit < 0.24:
        return headline.replace(name, f"{name} ({ticker})", 1)
    if edit < 0.32:
        return headline.replace(" ", "  ", 1) + " "
    return f"{headline[: len(headline) * 3 // 4].rsplit(' ', 1)[0]}…" if edit < 0.37 else headline


def short(name: str) -> str:
    """A company's name as headlines use it."""
    return re.sub(
        r",? (Inc\.|Corp\.|Corporation|Co\.|Company|Holdings, Inc\.|Group, Inc\.|plc|Ltd\.|N\.V\.)( Class [AB])?$",
        "",
        name,
    )
