"""Each run continues from what raw holds: it requests again what failed or may be restated, nothing else."""

import shutil
from datetime import datetime, timedelta

import pytest

from ingestion.config import Settings
from ingestion.load import schemas
from ingestion.sources import SOURCES, alpha_vantage
from ingestion.warehouse.server import Warehouse
from sandbox import alpha_vantage_news
from sandbox.market import Market
from sandbox.news import News
from sandbox.server import Sandbox
from sandbox.sessions import utc
from tests.integration.providers import (
    FEEDS,
    GROUPED,
    NOW,
    SESSIONS,
    TICKERS,
    asked,
    conserved,
    ingest,
    outcomes,
    replay,
)
from tests.runs import RAW_SCHEMAS, make_run
from tests.warehouse import checksum, rows, value

SATURDAY, TUESDAY = NOW + timedelta(days=1), NOW + timedelta(days=4)
TABLES = ("raw_polygon.bars", "raw_polygon.tickers", "raw_polygon.news")


def sessions_asked(sandbox: Sandbox, start: int = 0) -> list[str]:
    return [path.removeprefix(GROUPED) for path in asked(sandbox)[start:] if path.startswith(GROUPED)]


def restatement(market: Market) -> tuple[str, datetime, datetime, str]:
    """A bar that is first delivered wrong: its session, the session's close, when it is corrected, the ticker."""
    for session in range(market.sessions.at_or_after(NOW.date()), len(market.sessions.dates)):
        changes = market.restatements(session)
        trading = market.final_bars(session).trading & ~market.universe.is_otc
        for place, corrected in zip(changes.securities.tolist(), changes.corrected_at.tolist(), strict=True):
            if trading[place]:
                close, ticker = utc(float(market.sessions.closes[session])), market.universe.securities[place].ticker
                return market.sessions.dates[session].isoformat(), close, utc(corrected), ticker
    raise AssertionError("nothing is ever restated")


def test_the_second_run_reads_only_the_overlap_again(settings: Settings, sandbox: Sandbox) -> None:
    first = ingest(settings, "polygon", since="2024-02-20")
    assert len(sessions_asked(sandbox)) == 19 and first.failures == []
    done = len(sandbox.requests)
    sandbox.set_clock(TUESDAY)
    second = ingest(settings, "polygon", TUESDAY)
    assert sessions_asked(sandbox, done) == [*SESSIONS, "2024-03-18", "2024-03-19"]
    news = next(request for request in sandbox.requests[done:] if request["path"].endswith("/news"))
    assert news["query"]["published_utc.gte"] == "2024-03-11T23:00:00Z"
    assert second.failures == [] and conserved(second)
    assert value(settings, "select count(distinct _dlt_load_id) from raw_polygon.bars") == 2


def test_a_restated_bar_is_appended_beside_its_first_version(
    settings: Settings, sandbox: Sandbox, market: Market
) -> None:
    session, close, corrected, ticker = restatement(market)
    for moment in (close + timedelta(hours=2), corrected + timedelta(hours=1)):
        sandbox.set_clock(moment)
        assert ingest(settings, "polygon", moment).failures == []
    known = f"from raw_polygon.bars where ticker = '{ticker}' and date = '{session}'"
    versions = rows(settings, f"select close, volume {known} order by _received_at")
    assert len(versions) == 2 and versions[0] != versions[1]


def test_an_article_that_arrives_days_late_is_found(settings: Settings, sandbox: Sandbox, market: Market) -> None:
    published = News(market).between(NOW, NOW + timedelta(days=60), NOW + timedelta(days=70))
    two_days = timedelta(days=2)
    late = next(a for a in published if a.outlet.polygon and a.available_at - a.published_at > two_days)
    found = f"select count(*) from raw_polygon.news where article_url = '{late.url}'"
    for moment, times in ((late.available_at - timedelta(minutes=5), 0), (late.available_at + timedelta(days=1), 1)):
        sandbox.set_clock(moment)
        assert ingest(settings, "polygon", moment).failures == []
        assert value(settings, found) == times


def test_articles_beyond_one_full_response_are_requested_too(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = ingest(settings, "alpha_vantage", since="2024-02-01", tickers=("LOOM",)).received["news"]
    whole = "select count(distinct url) from raw_alpha_vantage.news"
    articles = value(settings, whole)
    make_run(settings, SOURCES["alpha_vantage"]).empty()
    shutil.rmtree(settings.home / "landing")
    monkeypatch.setattr(alpha_vantage_news, "MOST", 5)
    monkeypatch.setattr(alpha_vantage, "MOST_ARTICLES", 5)
    report = ingest(settings, "alpha_vantage", since="2024-02-01", tickers=("LOOM",))
    assert report.failures == [] and report.requests > 3 and report.received["news"] >= everything > 10
    assert value(settings, whole) == articles


def test_a_failed_session_is_requested_again_and_the_cursor_stays_before_it(
    settings: Settings, sandbox: Sandbox
) -> None:
    sandbox.add_fault(GROUPED + "2024-02-28", "html", times=1)
    report = ingest(settings, "polygon", since="2024-02-26")
    assert len(report.failures) == 1 and "polygon grouped_daily 2024-02-28" in report.failures[0]
    assert value(settings, "select count(distinct date) from raw_polygon.bars") == 14
    done = len(sandbox.requests)
    assert ingest(settings, "polygon").failures == []
    assert sessions_asked(sandbox, done)[:4] == ["2024-02-23", "2024-02-26", "2024-02-27", "2024-02-28"]
    done = len(sandbox.requests)
    ingest(settings, "polygon")
    assert asked(sandbox)[done:] == []
    sandbox.set_clock(SATURDAY)
    ingest(settings, "polygon", SATURDAY)
    assert sessions_asked(sandbox, done) == list(SESSIONS)


def test_one_unknown_ticker_does_not_stop_the_others(settings: Settings, sandbox: Sandbox) -> None:
    report = ingest(settings, "alpha_vantage", tickers=("LOOM", "NOSUCH", "WEFT"))
    assert report.is_failed and report.postponed == []
    assert len(report.failures) == 2 and all(f.count("NOSUCH") == 1 for f in report.failures)
    assert report.failures[0].startswith("alpha_vantage daily NOSUCH: Invalid API call")
    assert rows(settings, "select distinct symbol from raw_alpha_vantage.daily order by 1") == [("LOOM",), ("WEFT",)]
    unknown = rows(settings, "select endpoint, outcome from raw_ops.requests where params like '%NOSUCH%' order by 1")
    assert unknown == [("daily", "unknown_ticker"), ("news", "malformed_response")]


def test_an_unchanged_feed_is_not_read_twice(settings: Settings, sandbox: Sandbox) -> None:
    first = ingest(settings, "rss")
    again = ingest(settings, "rss")
    assert first.failures == again.failures == [] and again.received.total() == 0
    assert {found[0] for found in outcomes(settings, "rss", "feed").values()} == {"not_modified"}
    assert all("if-none-match" in request["headers"] for request in sandbox.requests[len(FEEDS) :])
    assert value(settings, "select count(*) from raw_rss.entries") == first.loaded["entries"]
    sandbox.set_clock(TUESDAY)
    assert ingest(settings, "rss", TUESDAY).received.total() > 0
    assert {found[0] for found in outcomes(settings, "rss", "feed").values()} == {"ok"}


def test_dates_and_tickers_are_respected_and_leave_no_gap_behind(settings: Settings, sandbox: Sandbox) -> None:
    ingest(settings, "polygon", since="2024-02-05", until="2024-02-06")
    assert sessions_asked(sandbox) == ["2024-02-05", "2024-02-06"]
    latest = value(settings, "select max(published_utc) from raw_polygon.news")
    assert latest.date().isoformat() == "2024-02-06"
    ingest(settings, "polygon", since="2024-03-07", until="2024-03-08")
    done = len(sandbox.requests)
    ingest(settings, "polygon", tickers=("WEFT",))
    paths = asked(sandbox)[done:]
    assert "/polygon/v2/aggs/ticker/WEFT/range/1/day/2024-03-11/2024-03-15" in paths
    assert not any(path.startswith(GROUPED) or path.endswith("/tickers") for path in paths)
    articles = next(request for request in sandbox.requests[done:] if request["path"].endswith("/news"))
    assert articles["query"]["ticker"] == "WEFT"
    done = len(sandbox.requests)
    ingest(settings, "polygon")
    assert sessions_asked(sandbox, done)[0] == "2024-02-02"


def test_a_ticker_is_requested_once_its_new_bar_is_out(settings: Settings, sandbox: Sandbox) -> None:
    between = NOW.replace(hour=20, minute=30)  # after the close, before the bar is published
    for moment, requests in ((between, 6), (between + timedelta(minutes=10), 0), (NOW, 6), (NOW, 0)):
        sandbox.set_clock(moment)
        assert ingest(settings, "alpha_vantage", moment).requests == requests
    assert value(settings, "select max(date) from raw_alpha_vantage.daily").isoformat() == SESSIONS[-1]
    assert outcomes(settings, "alpha_vantage", "ticker").keys() == set(TICKERS)


def test_losing_the_local_folder_or_the_warehouse_loses_nothing(settings: Settings, sandbox: Sandbox) -> None:
    ingest(settings, "polygon", since="2024-03-01")
    shutil.rmtree(settings.work_folder, ignore_errors=True)
    done = len(sandbox.requests)
    sandbox.set_clock(SATURDAY)
    ingest(settings, "polygon", SATURDAY)
    assert sessions_asked(sandbox, done) == list(SESSIONS)
    before = [checksum(settings, table, without=("_dlt_load_id",)) for table in TABLES]

    with Warehouse(settings).connect() as connection, connection.cursor() as cursor:
        cursor.execute("drop schema raw_polygon cascade; drop schema raw_ops cascade")
    Warehouse(settings).up(RAW_SCHEMAS)
    schemas.create_missing(Warehouse(settings), [SOURCES["polygon"]], settings.packages_folder)
    done = len(sandbox.requests)
    assert replay(settings, "polygon").failures == [] and len(sandbox.requests) == done
    assert [checksum(settings, table, without=("_dlt_load_id",)) for table in TABLES] == before
    sandbox.set_clock(SATURDAY + timedelta(days=1))
    ingest(settings, "polygon", SATURDAY + timedelta(days=1))
    assert sessions_asked(sandbox, done) == list(SESSIONS)
