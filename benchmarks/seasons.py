"""A history without gaps: one season of archives, end to end, as often as it takes; and sessions to follow it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.data import Archive, Bars

# A new session differs from the last one by as much as prices do in a day.
DAILY_SPREAD = 0.02
WORDS = ("raises", "cuts", "reports", "sells", "buys", "opens", "closes", "settles")
THINGS = ("outlook", "stake", "plant", "unit", "dividend", "lawsuit", "results", "contract", "rating", "loan")


class Seasons(Bars):
    """About `rows` bars of the same securities, session after session; the newest season is as it was collected.

    Every earlier season repeats it. Of the first archive of a season, the session before it is left out.
    """

    only_newest: bool | None = None

    def part(self, *, only_newest: bool) -> "Seasons":
        """The newest season, or all before it."""
        part = Seasons(self.rows, self.folder, self.real, self.seed)
        part.only_newest = only_newest
        return part

    def archives(self) -> Iterator[Archive]:
        """The archives one by one, in the order of their days."""
        for season, archive in self._picked():
            if self.only_newest in (None, season == 0):
                yield self._copy(archive, season * len(self._season), 1)

    def after(self, number: int, bars: int) -> Archive:
        """The session that follows the last by `number`: one bar of each security, `bars` at most."""
        last = self._season[-1]
        table = last.bars.filter(pc.equal(last.bars["date"], pa.scalar(last.day)))
        first_of_each = np.unique(table["symbol"].to_numpy(), return_index=True)[1][:bars]
        moved = self._one(table.take(pa.array(np.sort(first_of_each))), -number, 0, DAILY_SPREAD)
        day = self._earlier(last.day, -number)
        known = datetime.combine(day + timedelta(days=1), last.collected_at.timetz())
        return Archive(day, known, moved, [], last.symbols, b"")

    def write_one(self, archive: Archive, folder: Path) -> Path:
        """One archive in a folder of its own."""
        one = Seasons(0, folder / f"{archive.day:%Y%m%d}", self.real)
        one.archives = lambda: iter([archive])  # type: ignore[method-assign]  # what is written
        one.folder.mkdir(parents=True)
        return one.write_archives()

    def days(self) -> list[date]:
        """The sessions of the history."""
        return [self._earlier(archive.day, season * len(self._season)) for season, archive in self._picked()]

    def _picked(self) -> list[tuple[int, Archive]]:
        """The archives of which copies are made, each with how many seasons back, in the order of their days."""
        picked, left = [], self.rows
        for season in count():
            for archive in reversed(self._season):
                if left > 0:
                    picked.append((season, archive))
                    left -= archive.bars.num_rows
            if left <= 0:
                break
        return picked[::-1]

    @cached_property
    def _season(self) -> list[Archive]:
        """The newest archives, as long as no session is missing before them."""
        season: list[Archive] = []
        for archive in reversed(self._basis):
            if season and self._places[season[0].day] - self._places.get(archive.day, -2) != 1:
                break
            season.insert(0, archive)
        first = season[0]
        own = first.bars.filter(pc.greater_equal(first.bars["date"], pa.scalar(first.day)))
        return [replace(first, bars=own.combine_chunks()), *season[1:]]


def write_headlines(path: Path, rows: int, days: list[date], symbols: list[str], seed: int = 7) -> Path:
    """Headlines as `headlines` takes them, spread evenly over the days; one in thirty is filed under a second stock."""
    random = np.random.default_rng([seed, rows, days[-1].toordinal()])
    chosen = random.integers(0, [[len(days)], [86_400], [len(symbols)], [len(WORDS)], [len(THINGS)]], (5, rows))
    with path.open("w") as file:
        file.write("title,date,stock\n")
        for number, (day, second, symbol, word, thing) in enumerate(chosen.T.tolist()):
            when = datetime.combine(days[day], datetime.min.time()) + timedelta(seconds=second)
            title = f"{symbols[symbol]} {WORDS[word]} {THINGS[thing]} number {number} of {days[-1]}"
            for stock in (symbols[symbol], symbols[symbol - 1])[: 2 if number % 30 == 0 else 1]:
                file.write(f"{title},{when}+00:00,{stock}\n")
    return path
