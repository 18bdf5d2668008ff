"""The exchange calendar: every date once, with well-known sessions and holidays."""

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from ingestion.errors import MarketloomError
from ingestion.sources import calendar
from tests.unit.responses import response_of


@pytest.fixture(scope="module")
def days() -> dict[date, dict[str, Any]]:
    (member,) = calendar.generate(date(2000, 1, 1), date(2026, 12, 31))
    assert member.params == {"exchange": "XNYS", "first": "2000-01-01", "last": "2026-12-31"}
    parsed = calendar.parse_days(response_of("calendar", "days", member.body))
    assert not parsed.rejected
    return {row["date"]: row for row in parsed.tables["days"].to_pylist()}


def test_every_date_occurs_once(days: dict[date, dict[str, Any]]) -> None:
    assert len(days) == 9862
    assert list(days) == sorted(days)
    assert sum(day["is_session"] for day in days.values()) == 6790


def test_sessions_follow_daylight_saving(days: dict[date, dict[str, Any]]) -> None:
    assert days[date(2015, 10, 1)]["open_at"] == datetime(2015, 10, 1, 13, 30, tzinfo=UTC)
    assert days[date(2015, 11, 2)]["open_at"] == datetime(2015, 11, 2, 14, 30, tzinfo=UTC)
    assert days[date(2015, 11, 2)]["close_at"] == datetime(2015, 11, 2, 21, 0, tzinfo=UTC)


def test_half_days_close_early(days: dict[date, dict[str, Any]]) -> None:
    assert days[date(2015, 11, 27)]["is_half_day"]
    assert days[date(2015, 11, 27)]["close_at"] == datetime(2015, 11, 27, 18, 0, tzinfo=UTC)
    assert {day["close_at"] is None for day in days.values() if not day["is_session"]} == {True}


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2015, 11, 26), "Thanksgiving"),
        (date(2022, 6, 20), "Juneteenth National Independence Day"),
        (date(2001, 9, 12), "September 11 attacks"),
        (date(2012, 10, 29), "Hurricane Sandy"),
        (date(2025, 1, 9), "National Day of Mourning"),
        (date(2015, 10, 3), None),
    ],
)
def test_closures_have_their_names(days: dict[date, dict[str, Any]], day: date, name: str | None) -> None:
    assert not days[day]["is_session"]
    assert days[day]["holiday_name"] == name


def test_no_weekday_is_closed_without_a_name(days: dict[date, dict[str, Any]]) -> None:
    assert not [d for d, day in days.items() if not day["is_session"] and d.weekday() < 5 and not day["holiday_name"]]


def test_neighbours_are_the_nearest_sessions_also_at_the_edges(days: dict[date, dict[str, Any]]) -> None:
    sessions = [d for d, day in days.items() if day["is_session"]]
    for before, after in pairwise(sessions):
        assert days[before]["next_session"] == after
        assert days[after]["previous_session"] == before
    assert days[date(2001, 9, 13)]["previous_session"] == date(2001, 9, 10)
    assert days[date(2001, 9, 13)]["next_session"] == date(2001, 9, 17)
    assert days[date(2000, 1, 1)]["previous_session"] == date(1999, 12, 31)
    assert days[date(2026, 12, 31)]["next_session"] == date(2027, 1, 4)


def test_the_same_dates_give_the_same_bytes() -> None:
    week = date(2020, 1, 1), date(2020, 1, 7)
    assert list(calendar.generate(*week)) == list(calendar.generate(*week))
    (one,) = calendar.generate(date(2020, 7, 3), date(2020, 7, 3))
    assert one.body.decode().splitlines()[1] == "XNYS,2020-07-03,false,,,false,July 4th,2020-07-02,2020-07-06"


@pytest.mark.parametrize("days", [(date(1600, 1, 1), date(1990, 1, 1)), (date(2020, 1, 1), date(2300, 1, 1))])
def test_dates_that_the_library_does_not_have_are_rejected(days: tuple[date, date]) -> None:
    with pytest.raises(MarketloomError, match="it has the days from 1900-01-01 to 2200-12-31"):
        list(calendar.generate(*days))


def test_dates_in_the_wrong_order_are_rejected() -> None:
    with pytest.raises(MarketloomError, match="give the earlier date first"):
        list(calendar.generate(date(2020, 1, 2), date(2020, 1, 1)))
