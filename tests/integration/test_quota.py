"""A provider's allowance is never exceeded, by one process or two; further calls are postponed."""

import os
import subprocess
import sys
import textwrap

import pytest

from ingestion.config import Settings
from sandbox import wire_alpha_vantage
from sandbox.market import Market
from sandbox.server import Sandbox
from tests.integration.providers import GROUPED, NOW, SESSIONS, as_json, asked, ingest, outcomes
from tests.warehouse import rows

MONDAY = NOW.replace(day=18)
YESTERDAY = SESSIONS[3]  # a free key does not include the current day


@pytest.fixture
def free(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The market with a free key, and the providers' own rates."""
    for name in ("POLYGON", "ALPHA_VANTAGE"):
        monkeypatch.setenv(f"SOURCES__{name}__API_KEY", "sandbox-free")
        monkeypatch.delenv(f"SOURCES__{name}__RATES")
    return sandbox


def statuses(sandbox: Sandbox) -> list[int]:
    return [request["status"] for request in sandbox.requests]


def test_two_processes_share_one_allowance(settings: Settings, free: Sandbox) -> None:
    script = """
        import sys
        from ingestion import config
        from ingestion.errors import QuotaExhausted
        from ingestion.sources import SOURCES
        from tests.runs import make_client
        settings, source = config.load(), SOURCES["polygon"]
        client = make_client(settings, source, settings.landing_url + "/" + sys.argv[1])
        for session in sys.argv[2:]:
            place = source.endpoints[0].path.format(session=session)
            try:
                print(client.get(source.endpoints[0], place, {}, scope={}, cursors=lambda response: {}).outcome)
            except QuotaExhausted as refused:
                print(refused.outcome)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    several = [
        subprocess.Popen([*command, name, *SESSIONS[:4]], stdout=subprocess.PIPE, text=True, env=dict(os.environ))
        for name in ("one", "two")
    ]
    told = sorted(word for process in several for word in process.communicate(timeout=60)[0].split())
    assert told == ["ok"] * 5 + ["quota_exhausted"] * 3
    assert statuses(free) == [200] * 5


def test_a_long_wait_is_left_to_the_next_run_which_finds_the_bucket_as_it_was(
    settings: Settings, free: Sandbox
) -> None:
    first = ingest(settings, "polygon", until=YESTERDAY)
    assert (len(asked(free, GROUPED)), statuses(free)) == (4, [200] * 5)
    assert not first.is_failed and len(first.postponed) == 1 and "allowance per minute is used up" in first.postponed[0]
    again = ingest(settings, "polygon", until=YESTERDAY)
    assert len(free.requests) == 5 and not again.is_failed and len(again.postponed) == 1
    (settings.work_folder / "quota" / "polygon.sqlite").unlink()
    free.renew_quotas()
    # Sessions requested today are not requested again: the rest fits into a minute's allowance.
    assert ingest(settings, "polygon", until=YESTERDAY).postponed == []
    assert (len(asked(free, GROUPED)), statuses(free)) == (4, [200] * 9)


def test_a_short_wait_is_waited_for(settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCES__POLYGON__RATES", "[[4, 1]]")
    report = ingest(settings, "polygon")
    assert report.postponed == report.failures == [] and report.requests == len(sandbox.requests) >= 8
    assert report.seconds > 1


def test_the_daily_allowance_goes_to_the_oldest_tickers_first(
    settings: Settings, free: Sandbox, market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    tickers = [security.ticker for security in market.universe.securities if security.listed_on < NOW.date()][:15]
    monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__TICKERS", as_json(tickers))
    monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__RATES", "[[25, 86400]]")
    monkeypatch.setattr(wire_alpha_vantage, "CALLS_PER_SECOND", 100)
    first = ingest(settings, "alpha_vantage")
    assert not first.is_failed and "allowance per day is used up" in first.postponed[0]
    in_order = [request["query"].get("tickers") for request in free.requests]
    assert in_order == [None] * 15 + tickers[:10]
    assert ingest(settings, "alpha_vantage").requests == 0

    (settings.work_folder / "quota" / "alpha_vantage.sqlite").unlink()
    free.set_clock(MONDAY)
    before = len(free.requests)
    assert not ingest(settings, "alpha_vantage", MONDAY).is_failed
    in_order = [request["query"].get("tickers") for request in free.requests[before:]]
    assert in_order == [None] * 15 + tickers[10:] + tickers[:5]


def test_a_key_that_another_client_uses_too_is_handled(
    settings: Settings, free: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__POLYGON__RATES", "[]")
    monkeypatch.setenv("SOURCES__ALPHA_VANTAGE__RATES", "[]")
    monkeypatch.setattr(wire_alpha_vantage, "CALLS_PER_DAY", 2)
    report = ingest(settings, "polygon", until=YESTERDAY)
    assert statuses(free) == [200] * 5 + [429]
    assert not report.is_failed and "exceeded the maximum requests per minute" in report.postponed[0]

    report = ingest(settings, "alpha_vantage")
    assert not report.is_failed and "25 requests per day" in report.postponed[0]
    assert outcomes(settings, "alpha_vantage", "ticker") == {
        "LOOM": ("ok", 1, 200),
        "WEFT": ("ok", 2, 200),  # the client waits for the burst limit, which is a second
        "WARP": ("quota_exhausted", 2, 200),
    }
    assert rows(settings, "select count(*) from raw_ops.quarantine") == [(0,)]
    assert rows(settings, "select distinct symbol from raw_alpha_vantage.daily order by 1") == [("LOOM",), ("WEFT",)]


def test_an_attempt_is_on_record_even_if_the_allowance_leaves_none_for_its_retry(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__POLYGON__RATES", "[[2, 60]]")
    sandbox.add_fault(GROUPED + SESSIONS[1], "status", status=503)
    report = ingest(settings, "polygon")
    assert not report.is_failed and len(report.postponed) == 1 and statuses(sandbox) == [200, 503]
    assert outcomes(settings, "polygon", "session") == {
        SESSIONS[0]: ("ok", 1, 200),
        SESSIONS[1]: ("quota_exhausted", 1, None),
    }
