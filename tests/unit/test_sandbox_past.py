"""What the simulated market answers about its past, and what happens in any sixty sessions of it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import requests

from sandbox import actions, names, outages
from sandbox.server import Sandbox
from sandbox.sessions import utc
from sandbox.stories import AFTERMATH
from sandbox.web import FREE
from tests.unit.sandbox_requests import NOW, app, ask_json, market

SPLITS, DIVIDENDS = "/polygon/v3/reference/splits", "/polygon/v3/reference/dividends"
TICKERS, NEWS = "/polygon/v3/reference/tickers", "/polygon/v2/reference/news"
WINDOW = 60


def last_session() -> int:
    return market().sessions.delivered(NOW) - 1


def evening(session: int) -> datetime:
    return utc(float(market().sessions.closes[session])) + timedelta(hours=4)


def listed(path: str, moment: datetime) -> list[Any]:
    rows: list[Any] = ask_json(app(moment), path, limit="1000")["results"]
    return rows


def test_a_request_is_answered_as_of_the_time_that_it_carries() -> None:
    def newest(headers: dict[str, str]) -> str:
        key = {"Authorization": "Bearer sandbox-unlimited"}
        answer = requests.get(sandbox.url + NEWS, params={"limit": 1}, headers=key | headers, timeout=10)
        assert answer.headers["X-Sandbox-Now"].startswith(headers.get("X-Sandbox-Now", "2026-11-21T22:00")[:16])
        return str(answer.json()["results"][0]["published_utc"])

    with Sandbox(market=market(), now=NOW) as sandbox:
        assert newest({"X-Sandbox-Now": "2026-10-01T12:00:00+00:00"}) < "2026-10-01T12:00"
        assert newest({}) > "2026-11-21"
        for wrong in ("yesterday", "1999-01-01"):
            answer = requests.get(sandbox.url + NEWS, headers={"X-Sandbox-Now": wrong}, timeout=10)
            assert (answer.status_code, "X-Sandbox-Now" in answer.json()["error"]) == (400, True)


def test_requests_about_the_past_have_allowances_of_their_own() -> None:
    sandbox, moment = app(), datetime(2026, 10, 1, 12, tzinfo=UTC)

    def statuses(moments: list[datetime]) -> list[str]:
        found = []
        for instant in moments:
            with sandbox.world.clock.at(instant):
                found.append(ask_json(sandbox, SPLITS, FREE)["status"])
        return found

    assert statuses([moment] * 6) == ["OK"] * 5 + ["ERROR"]
    assert statuses([moment + timedelta(minutes=2)]) == ["OK"]
    assert ask_json(sandbox, SPLITS, FREE)["status"] == "OK"


def test_each_provider_was_down_for_some_hours_of_any_sixty_sessions() -> None:
    sessions = market().sessions
    for provider in outages.DOWN:
        down = [s for s in range(last_session()) if outages.is_down(sessions, provider, evening(s))]
        assert all(later - earlier < WINDOW for earlier, later in pairwise(down))
        close = utc(float(sessions.closes[down[-1]]))
        hours = [n for n in range(-5, 30) if outages.is_down(sessions, provider, close + timedelta(hours=n))]
        assert hours == list(range(-1, 15))


def test_only_requests_about_the_past_meet_an_outage() -> None:
    every, which = outages.DOWN["polygon"]
    moment = evening((last_session() // every - 1) * every + which)
    sandbox = app(moment)
    assert ask_json(sandbox, SPLITS)["status"] == "OK"
    with sandbox.world.clock.at(moment):
        fault = sandbox._outage("polygon")
        assert fault is not None
        assert (fault.kind, fault.status) == ("status", 503)
        assert sandbox._outage("rss") is None


@pytest.mark.parametrize("path", [SPLITS, DIVIDENDS])
def test_some_actions_are_announced_sessions_after_they_took_effect(path: str) -> None:
    found = market().splits(NOW) if path == SPLITS else market().dividends(NOW)
    late = actions.LATE_SPLIT if path == SPLITS else actions.LATE_DIVIDEND
    number = max(n for n in range(len(found)) if actions.delay(n, late))
    action = found[number]
    session = action.session if isinstance(action, actions.Split) else action.ex
    key = f"E{session:06x}{action.security:058x}"
    seen = [any(row["id"] == key for row in listed(path, evening(session + n))) for n in range(late[1] + 1)]
    assert seen == [False] * late[1] + [True]


def test_a_mistaken_dividend_is_listed_for_some_sessions_of_any_sixty_and_moves_no_price() -> None:
    mistaken = market().mistaken_dividends(NOW)
    assert all(b.ex - a.ex < WINDOW - actions.ERROR_LASTS for a, b in pairwise(mistaken))
    wrong = mistaken[-1]
    key = f"E{wrong.ex:06x}{wrong.security:058x}"
    seen = [any(row["id"] == key for row in listed(DIVIDENDS, evening(wrong.ex + n))) for n in range(6)]
    assert seen == [n < actions.ERROR_LASTS for n in range(6)]
    before, day = market().prices.day(wrong.ex - 1), market().prices.day(wrong.ex)
    assert day.reference[wrong.security] == pytest.approx(before.close[wrong.security], abs=0.006)
    truth = ask_json(app(), "/_sandbox/truth/actions", **{"from": "2026-08-01"})
    kinds = [row["kind"] for row in truth]
    assert kinds.count("mistaken dividend") in (2, 3)
    assert any(row["kind"] == "dividend" and row["announced_on"] > row["date"] for row in truth)


def test_a_ticker_is_reused_by_another_company_within_any_sixty_sessions() -> None:
    universe = market().universe
    place = universe.by_ticker[names.REUSED]
    trades = [bool(market().prices.day(session).trading[place]) for session in range(last_session())]
    assert not any(all(trades[first : first + 50]) for first in range(0, last_session() - 50, 5))
    first, second = (market().universe.at(place, session) for session in (last_session() - 50, last_session()))
    assert first.ticker == second.ticker == names.REUSED
    assert len({first.composite_figi, second.composite_figi, first.name, second.name}) == 4
    assert first.delisted_on is not None
    assert first.delisted_on < second.listed_on
    gone = ask_json(app(), TICKERS, limit="1000", active="false", ticker=names.REUSED)["results"]
    assert first.composite_figi in {row["composite_figi"] for row in gone}
    assert len(gone) > 5
    story = next(a for a in ask_json(app(), "/_sandbox/truth/articles", **{"from": "2026-11-01", "ticker": "HANK"}))
    assert story["mentions"][0]["ticker"] != "HANK" or second.name.split(",")[0][:12] in story["title"]


def test_pages_do_not_lose_a_company_whose_ticker_another_one_has() -> None:
    whole = ask_json(app(), TICKERS, limit="1000", active="false")["results"]
    sandbox, page = app(), ask_json(app(), TICKERS, limit="3", active="false")
    found = page["results"]
    while "next_url" in page:
        cursor = page["next_url"].split("cursor=")[1]
        page = ask_json(sandbox, TICKERS, cursor=cursor)
        found += page["results"]
    assert [row["composite_figi"] for row in found] == [row["composite_figi"] for row in whole]


def test_stories_go_on_to_move_prices_in_the_sessions_after_theirs() -> None:
    count, last = len(market().universe), last_session()
    leads = np.flatnonzero(market().universe.lead == np.arange(count))
    now, *before = [market().stories(last - n).effects(count) for n in range(len(AFTERMATH) + 1)]
    expected = now + sum(share * effects for share, effects in zip(AFTERMATH, before, strict=True))
    assert market().prices.day(last).effect[leads] == pytest.approx(expected[leads], abs=1e-6)
    day = market().sessions.dates[last].isoformat()
    rows = ask_json(app(), "/_sandbox/truth/effects", **{"from": day, "to": day, "ticker": "LOOM"})
    assert {row["effect"] for row in rows} == {float(market().prices.day(last).effect[0])} - {0.0}
