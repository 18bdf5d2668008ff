"""The past of the simulated market: the landing zone that a collector over its last sessions would have left.

The collector is the real one: at each moment it makes the calls of a `Plan` through the client and lands the responses,
over HTTP to a simulated market that answers as of that moment. It has free plans, runs on the evening of every session,
and asks for news every two hours of a session's day. The responses are written to a folder of their own, which becomes
the landing zone when it is complete: killed before, the next run starts again; killed later, the next one finishes.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from filelock import FileLock

from ingestion import simulation
from ingestion.config import Settings
from ingestion.extract.client import Client
from ingestion.extract.plan import Plan, advance
from ingestion.extract.sessions import sessions_between
from ingestion.extract.window import Window
from ingestion.landing import Landing
from ingestion.load.outcome import parse
from ingestion.model import Source

NEW_YORK = ZoneInfo("America/New_York")
SESSIONS = 60
# The free plans have the bars of a session from 20:00 on.
EVENING = time(20, 30)
NEWS_HOURS = range(6, 20, 2)
# Between two evenings only what is new: late and edited articles are found in the evening, as far back as declared.
NEWS_OVERLAP = timedelta(hours=3)
# No run takes longer, so that none is still running at the present.
LONGEST_RUN = timedelta(minutes=30)
FREE_KEY = "sandbox-free"
GOOD = ("ok", "not_modified")
# Seconds between two calls, so that the free allowances are never exceeded.
PACE = {"polygon": 13.0, "alpha_vantage": 2.0}


def ensure(
    settings: Settings, sources: Sequence[Source], now: datetime, *, is_new: bool, sessions: int = SESSIONS
) -> bool:
    """Write the past of `sources` before `now` (UTC) into landing if nothing is there yet; True if it was written.

    Without `is_new` (the warehouse holds nothing yet) only a past that another run has written is put into landing.
    """
    folder, landing = settings.work_folder / "past", Landing(settings.landing_url)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            if not is_new or any(landing.paths(source.name) for source in sources):
                return False
            part = folder.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            days = _sessions(settings, now, sessions)
            for source in sources:
                Collector(settings, source, part).run(days, now, sessions)
            part.rename(folder)
        _publish(folder, landing)
    return True


def _publish(folder: Path, landing: Landing) -> None:
    """Move the past into the landing zone, the folder of each source at once where it is local."""
    for source in sorted(folder.iterdir()):
        if landing.is_local:
            target = Path(landing.root) / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
        else:
            landing.fs.put(str(source), f"{landing.root}/{source.name}", recursive=True)
    shutil.rmtree(folder)


def _sessions(settings: Settings, now: datetime, count: int) -> list[date]:
    """At least the last `count` sessions up to today; fewer where the simulated market begins later."""
    first = max(simulation.first_session(settings.sandbox_url), now.date() - timedelta(days=2 * count + 14))
    return [day for day, _ in sessions_between(first, now.date(), settings.sessions_folder)]


def moments(sessions: Sequence[date], now: datetime, count: int) -> Iterator[tuple[datetime, bool]]:
    """When the collector ran, in order, and whether for news only: from the evening of one session on.

    It is that of the last `count`th session whose evening is over.
    """
    evenings = [day for day in sessions if _at(day, EVENING) < now - LONGEST_RUN][-count:]
    for day in sessions:
        if evenings and day >= evenings[0]:
            hours = [time(hour) for hour in NEWS_HOURS] if day > evenings[0] else []
            runs = [*((_at(day, hour), True) for hour in hours), (_at(day, EVENING), False)]
            yield from ((moment, is_news) for moment, is_news in runs if moment < now - LONGEST_RUN)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, NEW_YORK).astimezone(UTC)


class Collector:
    """One source over the past. Its clock moves with every call."""

    def __init__(self, settings: Settings, source: Source, folder: Path) -> None:
        self.settings, self.source = settings, source
        news = (replace(e, overlap=NEWS_OVERLAP) for e in source.endpoints if (e.name, e.each) == ("news", "window"))
        self.news = replace(source, endpoints=tuple(news))
        self.moment = datetime.min.replace(tzinfo=UTC)
        self.pace = timedelta(seconds=PACE.get(source.name, 1.0))
        self.landing = Landing(str(folder), self.clock)
        self.cursors: dict[str, str] = {}

    def clock(self) -> datetime:
        return self.moment

    def run(self, sessions: Sequence[date], now: datetime, count: int) -> None:
        """Collect on the evenings of the last `count` of `sessions`, and news between them, until `now`."""
        settings, source = self.settings, self.source
        # The market holds the calls against the free allowances, in its own time: ours would wait in real time.
        terms = replace(settings.source(source), api_key=FREE_KEY, rates=())
        limits = replace(settings.client_limits, backoff_seconds=0)
        quota_folder = settings.work_folder / "quota"
        with closing(Client(source, terms, limits, self.landing, quota_folder, self.clock)) as client:
            for moment, is_news in moments(sessions, now, count):
                if not is_news:
                    self._collect(client, source, moment)
                elif self.news.endpoints:
                    self._collect(client, self.news, moment)

    def _collect(self, client: Client, source: Source, moment: datetime) -> None:
        """Make the calls of one run that starts at `moment`."""
        self.moment = moment
        plan = Plan(source, client, Window(moment), self.cursors, self.settings.sessions_folder)
        calls = plan.calls()
        try:
            landed = next(calls)
            while True:
                self.moment += self.pace
                error = None if landed.outcome in GOOD else parse(source, landed)[1]
                if error is None:
                    advance(self.cursors, landed)
                landed = calls.send(error)
        except StopIteration:
            return
