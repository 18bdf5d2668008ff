"""The universe of any day, as known at any moment, against the truth of the simulated market.

Polygon's lists are requested on a few days of two simulated years, months apart. Between two of them securities are
listed and delisted: the simulation says which and when, and the days of the lists say what could be known. In that
market no company changes its ticker (test_securities.py has those cases), and one ticker is reused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ingestion import config
from ingestion.extract.window import Window
from ingestion.landing import Landing
from ingestion.sources import SOURCES
from sandbox.identities import Security
from sandbox.market import Market
from sandbox.names import REUSED
from sandbox.server import Sandbox
from tests.dbt.conftest import Warehouse
from tests.dbt.test_look_ahead import Elsewhere
from tests.runs import make_run as Run

DAYS = [date(2025, 1, 6), date(2025, 1, 8), date(2025, 7, 1), date(2026, 1, 5)]
MOMENTS = [datetime(day.year, day.month, day.day, 23, tzinfo=UTC) for day in DAYS]


@dataclass(frozen=True)
class Built:
    """A warehouse with the lists of all days, and the market that they come from."""

    warehouse: Warehouse
    market: Market

    @property
    def securities(self) -> tuple[Security, ...]:
        """All securities of exchanges that were listed by the last list; no others are requested from Polygon."""
        return tuple(s for s in self.market.universe.listings() if s.listed_on <= DAYS[-1] and not s.is_otc)

    def listed_by_truth(self, day: date) -> set[str]:
        return {s.ticker for s in self.securities if self.market.active(s, day)}

    def universe(self, day: date, known_at: datetime) -> set[str]:
        rows = self.warehouse.rows(
            f"select ticker from marts.universe_as_of('{day}', '{known_at + timedelta(hours=1)}')"
        )
        found = {ticker for (ticker,) in rows}
        assert len(found) == len(rows)
        return found


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    market, source = Market(seed=10, securities=900), SOURCES["polygon"]
    wanted = tuple(e for e in source.endpoints if e.name in ("tickers", "tickers_delisted"))
    folder: Path = tmp_path_factory.mktemp("universe")
    with pytest.MonkeyPatch.context() as patch, Sandbox(market=market, now=MOMENTS[0]) as sandbox:
        for name, value in {
            "PGHOST": str(warehouse.dbt.server),
            "PGUSER": "postgres",
            "PGDATABASE": warehouse.dbt.database,
            "MARKETLOOM_HOME": str(folder),
            "MARKETLOOM_SANDBOX_URL": sandbox.url,
        }.items():
            patch.setenv(name, value)
        simulated = config.load("sandbox")
        settings = Elsewhere(simulated.root, simulated.home, simulated.target, warehouse.dbt.database)
        for moment in MOMENTS:
            sandbox.set_clock(moment)
            run = Run(settings, replace(source, endpoints=wanted), Landing(settings.landing_url))
            assert run.ingest(Window(moment)).failures == []
    functions = ("security_versions_as_of", "universe_as_of")
    kinds = ("--exclude-resource-type", "test", "unit_test")
    warehouse.dbt.must("build", "--quiet", "--select", "+dim_security_versions", *functions, *kinds)
    yield Built(warehouse, market)


def test_the_days_see_securities_come_and_go(built: Built) -> None:
    for first, last in ((DAYS[1], DAYS[2]), (DAYS[2], DAYS[3])):
        assert sum(first < s.listed_on <= last for s in built.securities) > 3
        assert sum(s.delisted_on is not None and first < s.delisted_on <= last for s in built.securities) > 3


@pytest.mark.parametrize("place", range(len(DAYS)))
def test_on_the_day_of_a_list_the_universe_is_the_true_one(built: Built, place: int) -> None:
    assert built.universe(DAYS[place], MOMENTS[place]) == built.listed_by_truth(DAYS[place])


@pytest.mark.parametrize("place", range(len(DAYS) - 1))
def test_companies_delisted_since_are_in_the_universe_of_their_days(built: Built, place: int) -> None:
    true = built.listed_by_truth(DAYS[place])
    assert built.universe(DAYS[place], MOMENTS[-1]) == true
    assert place == 2 or true - built.listed_by_truth(DAYS[-1])


@pytest.mark.parametrize("place", range(1, len(DAYS) - 1))
def test_between_two_lists_delistings_are_exact_and_listings_wait_for_the_next(built: Built, place: int) -> None:
    for days in range(0, (DAYS[place + 1] - DAYS[place]).days, 13):
        day = DAYS[place] + timedelta(days=days)
        # Of the companies that have the reused ticker one after the other, some come and go between two lists.
        seen = {s.ticker for s in built.securities if s.listed_on <= DAYS[place]} - {REUSED}
        assert built.universe(day, MOMENTS[-1]) - {REUSED} == built.listed_by_truth(day) & seen, day


@pytest.mark.parametrize("place", range(1, len(DAYS)))
def test_what_happens_after_the_last_list_is_not_known(built: Built, place: int) -> None:
    """The day before a list, as known then: as the list before it said."""
    before = DAYS[place] - timedelta(days=1)
    assert built.universe(before, MOMENTS[place - 1]) == built.listed_by_truth(DAYS[place - 1])


def test_each_security_has_one_key_and_its_true_end(built: Built) -> None:
    rows = built.warehouse.rows(
        "select composite_figi, count(distinct security_key), count(distinct ticker), max(valid_to), "
        "min(known_from) filter (where valid_to is not null) from marts.dim_security_versions group by 1"
    )
    found = {figi: tuple(rest) for figi, *rest in rows}
    ends = {s: s.delisted_on if s.delisted_on and s.delisted_on <= DAYS[-1] else None for s in built.securities}
    # A company that came and went before the first list is listed as delisted, too.
    assert {figi: rest[:3] for figi, rest in found.items()} == {
        s.composite_figi: (1, 1, end) for s, end in ends.items()
    }
    for security, end in ends.items():
        learned = found[security.composite_figi][3]
        if end is None:
            assert learned is None
        else:
            first_list = next(moment for day, moment in zip(DAYS, MOMENTS, strict=True) if day >= end)
            assert abs(learned - first_list) < timedelta(minutes=10), security.ticker
    assert sum(end is not None for end in ends.values()) > 20
