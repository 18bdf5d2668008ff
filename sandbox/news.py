"""The news archive: articles by time of publication or availability, as of an instant."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from sandbox.articles import write
from sandbox.copydesk import LONGEST_DELAY, LONGEST_LAG, Article
from sandbox.market import Kept, Market
from sandbox.sessions import START, UTC

BEGINNING = datetime.combine(START - timedelta(days=1), time(), UTC)


class News:
    """Articles of a market. Each is created when first requested; none is returned before it is available."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self._days = Kept(max(8, 60_000 // market.size))

    def between(
        self, start: datetime, end: datetime, now: datetime, ticker: str | None = None, *, newest_first: bool = False
    ) -> Iterator[Article]:
        """Articles published from `start` to `end` (both included) and available at `now`, in order of publication."""
        start, end = max(start, BEGINNING), min(end, now)
        days = (end.date() - start.date()).days + 1
        for offset in reversed(range(days)) if newest_first else range(days):
            found = self._published(start.date() + timedelta(days=offset), ticker)
            for article in reversed(found) if newest_first else found:
                if start <= article.published_at <= end and article.available_at <= now:
                    yield article

    def of_feed(self, feed: str, now: datetime, limit: int) -> list[Article]:
        """The `limit` articles of a feed that became available last, newest publication first."""
        found: list[Article] = []
        start = now
        while len(found) < limit and start > BEGINNING:
            start -= LONGEST_DELAY
            found = [article for article in self.between(start, now, now) if article.outlet.feed == feed]
        found.sort(key=lambda article: (article.available_at, article.url))
        return sorted(found[-limit:], key=lambda article: article.order, reverse=True)

    def _published(self, day: date, ticker: str | None) -> list[Article]:
        return self._days.get((day, ticker), lambda: self._write(day, ticker))

    def _write(self, day: date, ticker: str | None) -> list[Article]:
        """The articles published on one UTC day, in order."""
        market, sessions = self.market, self.market.sessions
        security = market.universe.by_ticker.get(ticker) if ticker else None
        if ticker and security is None:
            return []
        begin = datetime.combine(day, time(), UTC)
        first = sessions.containing((begin - LONGEST_LAG).timestamp())
        last = sessions.containing((begin + timedelta(days=1)).timestamp())
        found = []
        for session in range(first, last + 1):
            stories = market.stories(session)
            places = range(len(stories.times)) if security is None else stories.mentioning(security).tolist()
            near = (begin - LONGEST_LAG).timestamp(), (begin + timedelta(days=1)).timestamp()
            for place in places:
                if near[0] <= stories.times[place] < near[1]:
                    copies = write(market.seed, market.universe, stories, place)
                    found += [article for article in copies if article.published_at.date() == day]
        return sorted(found, key=lambda article: article.order)
