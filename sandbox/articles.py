"""Write stories as articles."""

import random
import re

from sandbox import phrases
from sandbox.copydesk import Article, Draft, edit
from sandbox.outlets import OUTLETS
from sandbox.securities import Universe
from sandbox.sessions import utc
from sandbox.stories import Stories


def write(seed: int, universe: Universe, stories: Stories, place: int) -> list[Article]:
    """All copies of the story at `place` of `stories`, the original first."""
    rng = random.Random(f"{seed} {stories.session} {place}")
    subject = universe.at(int(stories.subjects[place]), stories.session)
    others = [universe.at(int(i), stories.session) for i in stories.companions[place] if i >= 0]
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
    draft = Draft(
        story_id=f"{stories.session}-{place}",
        slug=f"{re.sub(r'[^a-z0-9]+', '-', headline.lower()).strip('-')}-{stories.session}{place:04d}",
        headline=headline,
        german=topic.german[tone].format(**words),
        summary=rng.choice(phrases.SUMMARIES).format(**words),
        company=short(subject.name),
        moment=utc(float(stories.times[place])),
        mentions=tuple(mentions),
        sentiment=sentiment,
        topic=topic.name,
    )
    outlets = rng.sample(OUTLETS, rng.choices((1, 2, 3, 4, 5), (40, 28, 17, 10, 5))[0])
    return [edit(rng, draft, outlet, first=not number) for number, outlet in enumerate(outlets)]


def short(name: str) -> str:
    """A company's name as headlines use it."""
    return re.sub(
        r",? (Inc\.|Corp\.|Corporation|Co\.|Company|Holdings, Inc\.|Group, Inc\.|plc|Ltd\.|N\.V\.)( Class [AB])?$",
        "",
        name,
    )
