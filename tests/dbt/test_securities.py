"""Listings by ticker and date, as known at a moment: reused tickers, renamed companies, gaps in a list."""

import csv
import io
from datetime import date, datetime, timedelta

import pytest

from ingestion.sources import calendar
from tests.dbt.conftest import Warehouse
from tests.dbt.rawdata import Load, at
from tests.warehouse import key_of

KEY_OF_BLVD, KEY_OF_FB = key_of("'BLVD'"), key_of("'FB'")

FIRST = date(2015, 11, 2)
MODELS = ("+dim_security_versions", "+dim_sessions")
RESULTS = (
    *(f"intermediate.int_{model}" for model in ("listings__grouped", "tickers__known", "tickers__assigned")),
    "marts.dim_security_versions",
)


def days(count: int = 12) -> list[date]:
    found = (FIRST + timedelta(days=n) for n in range(2 * count))
    return [day for day in found if day.weekday() < 5][:count]


def listed(place: int) -> dict[str, str]:
    """The list of one session: BLVD is another company's from the 6th on, SLIP is left out once, GONE vanishes."""
    names = {"STAY": "Stay Inc", "SLIP": "Slip Inc", "GONE": "Gone Inc", "BLVD": "Boulevard Corp."}
    if place == 2:
        del names["SLIP"]
    if place >= 3:
        del names["GONE"], names["BLVD"]
    if place >= 6:
        names["BLVD"] = "Boulevard Corp. II"
    return names


def archives(places: range) -> Load:
    """Lists of some sessions, collected at noon of the day after, each with a bar of every security in it."""
    load = Load("pystock", f"600.{places[0]}")
    for place in places:
        day, archive = days()[place], f"{days()[place]:%Y%m%d}"
        received = at(day + timedelta(days=1), 12)
        symbols = [{"symbol": t, "name": name, "archive": archive} for t, name in listed(place).items()]
        price = {"open": 10.0, "high": 11.0, "low": 9.0, "close": 10.0, "volume": 100.0, "adj_close": 10.0}
        bars = [{"symbol": t, "date": day, "archive": archive, **price} for t in listed(place)]
        load.add("symbols", f"symbols-{place}", received, symbols)
        load.add("prices", f"prices-{place}", received, bars)
    return load


def reference(load_id: str, day: datetime, rows: list[dict[str, object]]) -> Load:
    facts = {"market": "stocks", "type": "CS", "primary_exchange": "XNAS"}
    return Load("polygon", load_id).add("tickers", f"tickers-{load_id}", day, [{**facts, **row} for row in rows])


def renamed() -> list[Load]:
    """FB becomes META, which was a fund's ticker until then."""
    facebook = {"name": "Meta Platforms, Inc.", "composite_figi": "BBG000MM2P62", "active": True}
    fund = {"ticker": "META", "name": "Roundhill Ball Metaverse ETF", "composite_figi": "BBG011D1QVC8"}
    gone = datetime.fromisoformat("2022-01-31T05:00:00+00:00")
    first, second = at(date(2022, 1, 3), 12), at(date(2022, 6, 9), 12)
    return [
        reference("200.1", first, [{"ticker": "FB", **facebook}, {**fund, "active": True}]),
        reference("200.2", second, [{"ticker": "META", **facebook}, {**fund, "active": False, "delisted_utc": gone}]),
    ]


def sessions() -> Load:
    rows = []
    for first, last in ((date(2007, 1, 1), date(2007, 12, 31)), (date(2015, 1, 1), date(2016, 12, 31))):
        for member in calendar.generate(first, last):
            read = csv.DictReader(io.StringIO(member.body.decode()))
            rows += [{name: value or None for name, value in row.items()} for row in read]
    return Load("calendar", "100.1").add("days", "calendar-1", at(FIRST, 0), rows)


@pytest.fixture(scope="module")
def built(warehouse: Warehouse) -> Warehouse:
    """The lists, loaded in three runs, the latest first."""
    warehouse.load([sessions()])
    warehouse.prepare()
    for loads in ([archives(range(6, 12)), renamed()[1]], [archives(range(3))], [archives(range(3, 6)), renamed()[0]]):
        warehouse.load(loads)
        warehouse.run("--select", *MODELS)
    warehouse.dbt.must("build", "--quiet", "--select", "security_versions_as_of", "universe_as_of")
    return warehouse


def test_lists_may_be_loaded_in_any_order(built: Warehouse) -> None:
    found = built.checksums(*RESULTS)
    built.run("--full-refresh", "--select", *MODELS)
    assert built.checksums(*RESULTS) == found


def test_a_reused_ticker_is_another_security(built: Warehouse) -> None:
    rows = built.rows(
        f"select security_name, security_key = {KEY_OF_BLVD}, valid_from, valid_to from marts.dim_security_versions "
        "where ticker = 'BLVD' and is_current order by valid_from"
    )
    assert rows == [
        ("Boulevard Corp.", True, days()[0], days()[3]),
        ("Boulevard Corp. II", False, days()[6], None),
    ]


def test_a_renamed_company_takes_its_key_along(built: Warehouse) -> None:
    rows = built.rows(
        f"select ticker, security_name, security_key = {KEY_OF_FB}, valid_from::text, valid_to::text "
        "from marts.dim_security_versions where ticker in ('FB', 'META') and is_current order by valid_from, ticker"
    )
    assert rows == [
        ("FB", "Meta Platforms, Inc.", True, "2022-01-03", "2022-06-09"),
        ("META", "Roundhill Ball Metaverse ETF", False, "2022-01-03", "2022-01-31"),
        ("META", "Meta Platforms, Inc.", True, "2022-06-09", None),
    ]


@pytest.mark.parametrize(
    ("day", "known_at", "expected"),
    [
        # Left out once is a slip; what is left out three times still counts as listed.
        (2, "2015-11-07", {"STAY", "SLIP", "GONE", "BLVD"}),
        (4, "2015-11-07", {"STAY", "SLIP", "GONE", "BLVD"}),
        # Back under another name: the former company was gone, and that is known at once.
        (4, "2015-11-12", {"STAY", "SLIP", "GONE"}),
        (8, "2015-11-13", {"STAY", "SLIP", "GONE", "BLVD"}),
        # Seven lists without it: it has been gone since the first of them, and was listed before.
        (4, "2015-12-01", {"STAY", "SLIP"}),
        (2, "2015-12-01", {"STAY", "SLIP", "GONE", "BLVD"}),
        (2, "2015-11-01", set()),
    ],
)
def test_the_universe_of_a_day_is_what_was_known_of_it(
    built: Warehouse, day: int, known_at: str, expected: set[str]
) -> None:
    found = built.rows(
        f"select ticker from marts.universe_as_of('{days()[day]}', '{known_at} 00:00+00')", role="marketloom_analyst"
    )
    assert {ticker for (ticker,) in found} == expected
    assert len(found) == len(expected)


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        ("2007-03-09", "14:30", "21:00"),
        ("2007-03-12", "13:30", "20:00"),  # the first Monday of the longer summer time, three weeks earlier than before
        ("2015-10-30", "13:30", "20:00"),
        ("2015-11-02", "14:30", "21:00"),
        ("2015-11-27", "14:30", "18:00"),  # the half-day after Thanksgiving
        ("2015-12-24", "14:30", "18:00"),
        ("2016-03-14", "13:30", "20:00"),
        ("2016-12-26", None, None),  # Christmas, observed
    ],
)
def test_sessions_open_and_close_at_known_instants(built: Warehouse, day: str, opens: str, closes: str) -> None:
    (found,) = built.rows(
        "select to_char(open_at at time zone 'UTC', 'HH24:MI'), to_char(close_at at time zone 'UTC', 'HH24:MI') "
        f"from marts.dim_sessions where trading_date = '{day}'"
    )
    assert found == (opens, closes)


def test_differences_of_session_numbers_count_sessions(built: Warehouse) -> None:
    query = (
        "select max(session_number) - min(session_number) + 1, count(*) from marts.dim_sessions "
        "where is_session and trading_date between '2015-01-01' and '2015-12-31'"
    )
    assert built.rows(query) == [(252, 252)]
