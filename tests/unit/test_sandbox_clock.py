"""The sandbox serves nothing later than its clock."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sandbox.clock import Clock, parse_instant
from tests.unit.sandbox_requests import app, ask_json, grouped

TICKERS, NEWS = "/polygon/v3/reference/tickers", "/polygon/v2/reference/news"
DAILY = {"function": "TIME_SERIES_DAILY", "symbol": "LOOM"}


@given(st.datetimes(datetime(2024, 1, 10), datetime(2026, 11, 21)))
@hypothesis_settings(max_examples=12)
def test_nothing_from_the_future_is_ever_served(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    sandbox, today, stamp = app(now), f"{now:%Y-%m-%d}", f"{now:%Y-%m-%dT%H:%M:%SZ}"
    bars = ask_json(sandbox, f"/polygon/v2/aggs/ticker/LOOM/range/1/day/2024-01-01/{now.year + 2}-01-01")
    for bar in bars.get("results", []):
        assert datetime.fromtimestamp(bar["t"] / 1000, UTC) + timedelta(hours=13) < now
    for bar in grouped(sandbox, today).get("results", []):
        assert bar["t"] / 1000 < now.timestamp()
    assert all(row["published_utc"] <= stamp for row in ask_json(sandbox, NEWS, limit="20")["results"])
    assert all(row["execution_date"] <= today for row in ask_json(sandbox, "/polygon/v3/reference/splits")["results"])
    listed = ask_json(sandbox, TICKERS, limit="1000", active="false")["results"]
    assert all(row["delisted_utc"] <= stamp for row in listed)
    days = ask_json(sandbox, "/alpha_vantage/query", **DAILY).get("Time Series (Daily)", {})
    assert all(day <= today for day in days)
    truth = ask_json(sandbox, "/_sandbox/truth/articles", **{"from": today, "ticker": "LOOM"})
    assert all(row["available_at"] <= now.isoformat() for row in truth)


def test_a_pinned_clock_does_not_move_until_it_is_set() -> None:
    clock = Clock(parse_instant("2026-11-20T21:00:00+01:00"))
    assert clock.now() == clock.now() == datetime(2026, 11, 20, 20, tzinfo=UTC)
    clock.set(datetime(2026, 11, 21, tzinfo=UTC))
    assert clock.now() == datetime(2026, 11, 21, tzinfo=UTC)
    assert clock.elapsed() == pytest.approx(4 * 3600, abs=60)
    clock.set(datetime(2026, 11, 1, tzinfo=UTC))
    assert clock.elapsed() == pytest.approx(4 * 3600, abs=60)


def test_an_unpinned_clock_runs_with_real_time() -> None:
    clock = Clock()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("instant", ["2023-12-29T00:00:00Z", "2036-01-01T00:00:00Z"])
def test_the_clock_cannot_leave_the_simulated_years(instant: str) -> None:
    with pytest.raises(ValueError, match="the simulation runs from"):
        app().set_clock(parse_instant(instant))


def test_moving_the_clock_shows_what_has_become_known() -> None:
    sandbox = app("2026-11-20T20:00:00Z")
    assert grouped(sandbox, "2026-11-20")["resultsCount"] == 0
    sandbox.set_clock(parse_instant("2026-11-20T21:30:00Z"))
    assert grouped(sandbox, "2026-11-20")["resultsCount"] > 90
