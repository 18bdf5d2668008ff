"""The past that the simulated market is given on the first run: what a collector would have landed, and once only."""

import os
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from rich.console import Console

from ingestion import config, past, runner
from ingestion.config import Settings
from ingestion.landing import Landed, Landing
from ingestion.sources import SOURCES
from sandbox.market import Market
from sandbox.server import Sandbox

NOW = datetime(2026, 11, 20, 23, tzinfo=UTC)
COLLECTED = [source for source in SOURCES.values() if source.endpoints]
RSS = [SOURCES["rss"]]
# Enough sessions to meet the outage of polygon.
COUNT = 20


@pytest.fixture(scope="module")
def market() -> Iterator[Sandbox]:
    with Sandbox(market=Market(seed=7, securities=24), now=NOW) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def base(market: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the sessions cached; the environment names the market."""
    folder = tmp_path_factory.mktemp("past")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MARKETLOOM_SANDBOX_URL", market.url)
        patch.setenv("MARKETLOOM_HOME", str(folder / "home"))
        patch.delenv("MARKETLOOM_LANDING", raising=False)
        yield folder


@pytest.fixture(scope="module")
def written(base: Path) -> Settings:
    """Settings of a home whose landing zone has the past."""
    settings = config.load("sandbox")
    assert past.ensure(settings, COLLECTED, NOW, is_new=True, sessions=COUNT)
    return settings


@pytest.fixture
def fresh(written: Settings, tmp_path: Path) -> Settings:
    """Settings of an empty home, which knows the sessions."""
    settings = replace(written, home=tmp_path / "home")
    settings.sessions_folder.parent.mkdir()
    settings.sessions_folder.symlink_to(written.sessions_folder)
    return settings


def landed(settings: Settings, source: str) -> list[Landed]:
    return list(Landing(settings.landing_url).after(source, ""))


def files(settings: Settings) -> set[str]:
    root = Path(Landing(settings.landing_url).root)
    return {str(path.relative_to(root)) for path in root.rglob("*.gz")}


@pytest.mark.parametrize("source", [source.name for source in COLLECTED])
def test_responses_are_those_of_moments_in_the_past(written: Settings, source: str) -> None:
    found = landed(written, source)
    times = [one.received_at for one in found]
    assert times == sorted(times)
    assert timedelta(days=26) < NOW - times[0] < timedelta(days=32)
    assert times[-1] < NOW - timedelta(minutes=30)
    assert all(one.requested_at == one.received_at for one in found)
    # A landed file is named after the time at which it was landed.
    assert all(f"{one.received_at:%Y%m%dT%H%M%S}" == one.stamp[:15] for one in found if one.attempt_count == 1)
    assert {one.outcome for one in found} <= {"ok", "not_modified", "provider_unavailable"}
    assert not any("sandbox-free" in f"{one.url}{one.params}" for one in found)


def test_the_free_allowances_were_enough(written: Settings) -> None:
    """The market itself holds the calls against them; each answer says that it did not refuse any."""
    calls = [one.received_at for one in landed(written, "polygon")]
    assert all(sixth - first > timedelta(seconds=60) for first, sixth in zip(calls, calls[5:], strict=False))
    days = Counter(one.received_at.astimezone(past.NEW_YORK).date() for one in landed(written, "alpha_vantage"))
    assert max(days.values()) <= 25
    assert all(b"per day" not in one.body for one in landed(written, "alpha_vantage"))


def test_news_was_asked_for_every_two_hours_and_all_else_in_the_evening(written: Settings) -> None:
    hours: dict[str, set[int]] = {}
    for one in landed(written, "polygon"):
        hours.setdefault(one.endpoint, set()).add(one.received_at.astimezone(past.NEW_YORK).hour)
    assert hours["news"] == {*past.NEWS_HOURS, 20}
    assert all(found == {20} for endpoint, found in hours.items() if endpoint != "news")


def test_an_outage_was_caught_up_on_the_next_evening(written: Settings) -> None:
    failed = [one for one in landed(written, "polygon") if one.status == 503]
    assert failed
    assert all(one.attempt_count == 4 for one in failed)
    sessions = {one.params["session"]: one for one in landed(written, "polygon") if one.endpoint == "grouped_daily"}
    missed = {one.params["session"] for one in failed if one.endpoint == "grouped_daily"}
    assert missed
    assert all(sessions[session].status == 200 for session in missed)
    days = sorted(sessions)
    assert all((datetime.fromisoformat(b) - datetime.fromisoformat(a)).days <= 4 for a, b in pairwise(days))


def test_bars_are_restated_and_articles_edited(written: Settings) -> None:
    bodies: dict[str, set[bytes]] = {}
    for one in landed(written, "polygon"):
        if one.endpoint == "grouped_daily" and one.outcome == "ok":
            bodies.setdefault(one.params["session"], set()).add(one.body.partition(b'"request_id"')[0])
    assert sum(len(found) > 1 for found in bodies.values()) > 1
    assert any(b"CORRECTED: " in one.body or b"UPDATE 2-" in one.body for one in landed(written, "polygon"))


def test_what_is_there_is_not_written_again(written: Settings, fresh: Settings) -> None:
    before = files(written)
    assert not past.ensure(written, COLLECTED, NOW + timedelta(days=7), is_new=True, sessions=COUNT)
    assert files(written) == before
    assert not past.ensure(fresh, COLLECTED, NOW, is_new=False, sessions=COUNT)
    assert files(fresh) == set()


def test_a_past_that_was_killed_while_it_was_written_is_written_anew(fresh: Settings, market: Sandbox) -> None:
    part = fresh.work_folder / "past.part"
    script = f"""
        from datetime import datetime
        from dataclasses import replace
        from pathlib import Path
        from ingestion import config, past
        from ingestion.sources import SOURCES
        settings = replace(config.load("sandbox"), home=Path({str(fresh.home)!r}))
        past.ensure(settings, [SOURCES["rss"]], datetime.fromisoformat({NOW.isoformat()!r}), is_new=True, sessions=60)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, env=dict(os.environ)) as process:
        while not list(part.rglob("*.gz")):
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    torn = part / "rss" / "feed" / "torn.part"
    torn.write_bytes(b"half a file")
    assert files(fresh) == set()
    assert past.ensure(fresh, RSS, NOW, is_new=True, sessions=3)
    assert len(files(fresh)) == 12
    assert not torn.exists()


def test_a_past_that_was_killed_on_its_way_into_landing_is_completed(written: Settings, fresh: Settings) -> None:
    assert past.ensure(fresh, RSS, NOW, is_new=True, sessions=3)
    whole = files(fresh)
    folder, root = fresh.work_folder / "past", Path(Landing(fresh.landing_url).root)
    folder.mkdir()
    (root / "rss").rename(folder / "rss")
    assert past.ensure(fresh, RSS, NOW, is_new=False, sessions=3)
    assert files(fresh) == whole
    assert not folder.exists()


def test_a_market_that_has_just_begun_has_a_short_past(fresh: Settings) -> None:
    assert past.ensure(fresh, RSS, datetime(2024, 1, 5, 22, tzinfo=UTC), is_new=True)
    assert {one.received_at.date().isoformat() for one in landed(fresh, "rss")} == {
        "2024-01-03",
        "2024-01-04",
        "2024-01-05",
    }


def test_a_market_that_has_not_begun_has_none(fresh: Settings) -> None:
    assert past.ensure(fresh, RSS, datetime(2024, 1, 2, 15, tzinfo=UTC), is_new=True)
    assert files(fresh) == set()


def test_a_run_loads_the_past_and_then_asks_only_for_what_is_new(
    written: Settings, settings: Settings, market: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice: the second run finds a past in landing, and asks for what is left only."""

    class Elsewhere(Settings):
        @property
        def database(self) -> str:
            return settings.database

    here = Elsewhere(settings.root, written.home, "sandbox")
    monkeypatch.setenv("MARKETLOOM_SANDBOX_URL", market.url)
    monkeypatch.setattr(past, "SESSIONS", COUNT)
    landed_before = {source.name: len(landed(written, source.name)) for source in COLLECTED}
    runner.prepare(here)

    def asked() -> Counter[str]:
        before = len(market.requests)
        names = [source.name for source in COLLECTED]
        reports = runner.ingest(here, names, None, None, (), Console(quiet=True), with_past=True)
        assert not any(report.failures or report.postponed for report in reports)
        return Counter(str(request["path"]).split("/")[1] for request in market.requests[before:])

    first = asked()
    assert first["rss"] == 4
    # The session of today and the ones that are read again, the lists, and news.
    assert first["polygon"] < 15
    assert first["alpha_vantage"] == 20
    loaded = {source.name: len(landed(written, source.name)) - landed_before[source.name] for source in COLLECTED}
    assert loaded == {name: first[name] for name in loaded}
    assert asked() == {"rss": 4}
