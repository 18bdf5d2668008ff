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
FREE_KEY = "sandbox-free"
GOOD = ("ok", "not_modified")
# Seconds between two calls, so that the free allowances are never exceeded.
PACE = {"polygon": 13.0, "alpha_vantage": 2.0}


def ensure(settings: Settings, sources: Sequence[Source], now: datetime, *, is_new: bool) -> bool:
    """Write the past of `sources` up to `now` (UTC) into landing if nothing is there yet; True if it was written.

    Without `is_new` (the warehouse holds nothing) only a past that is written but not in landing yet is completed.
    """
    folder, landing = settings.work_folder / "past", Landing(settings.landing_url)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not folder.exists():
            if not is_new or any(landing.paths(source.name) for source in sources):
                return False
            part = folder.with_suffix(".part")
            shutil.rmtree(part, ignore_errors=True)
            _write(settings, sources, now, part)
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


def _write(settings: Settings, sources: Sequence[Source], now: datetime, folder: Path) -> None:
    """Write the past of all sources into `folder`, laid out as a landing zone."""
    first = now.date() - timedelta(days=2 * SESSIONS)
    sessions = [day for day, _ in sessions_between(first, now.date(), settings.sessions_folder)]
    days = [day for day in sessions if _at(day, EVENING) < now][-SESSIONS:]
    folder.mkdir(parents=True)
    for source in sources:
        Collector(settings, source, folder).run(days, now)


def _moments(days: Sequence[date], now: datetime) -> Iterator[tuple[datetime, bool]]:
    """When the collector ran, in order, and whether for news only: from the first evening on."""
    for day in days:
        if day != days[0]:
            yield from ((_at(day, time(hour)), True) for hour in NEWS_HOURS)
        yield _at(day, EVENING), False
    today = now.astimezone(NEW_YORK).date()
    if today > days[-1]:
        yield from ((_at(today, time(hour)), True) for hour in NEWS_HOURS if _at(today, time(hour)) < now)


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

    def run(self, days: Sequence[date], now: datetime) -> None:
        """Collect on the evenings of `days`, and news between them, until `now`."""
        settings, source = self.settings, self.source
        # The market holds the calls against the free allowances, in its own time: ours would wait in real time.
        terms = replace(settings.source(source), api_key=FREE_KEY, rates=())
        limits = replace(settings.client_limits, backoff_seconds=0)
        quota_folder = settings.work_folder / "quota"
        with closing(Client(source, terms, limits, self.landing, quota_folder, self.clock)) as client:
            for moment, is_news in _moments(days, now):
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
