"""Splits and dividends as reported, corrected and withdrawn, and the adjusted bars that they lead to."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from ingestion import config, runner
from ingestion.extract.window import Window
from ingestion.landing import Landing
from ingestion.sources import SOURCES
from sandbox.archives import covered, write_archives
from sandbox.market import Market
from sandbox.server import Sandbox
from tests.dbt.conftest import RAW_VIEWS, Warehouse
from tests.dbt.rawdata import Load, Row, at
from tests.runs import make_run as Run

DAYS = [day for n in range(20) if (day := date(2023, 11, 6) + timedelta(days=n)).weekday() < 5][:10]
EX = DAYS[4]
# Closes as traded before and from the ex date on.
CLOSES = {
    "WRONG": (100.0, 100.0),
    "REVERSE": (1.0, 20.0),
    "MANY": (100.0, 45.0),
    "SPIN": (10.0, 2.0),
    "NEAR": (10.0, 0.6),
    "THRICE": (200.0, 100.0),
    "AHEAD": (50.0, 50.0),
}
NOW = datetime(2024, 2, 1, 23, tzinfo=UTC)
FIRST = date(2024, 1, 2)
MODELS = ("+fct_daily_bars_adjusted", "+fct_corporate_actions", "+daily_bars_adjusted_as_of")
RESULTS = (
    "marts.fct_corporate_actions",
    "marts.fct_daily_bars_adjusted",
    "intermediate.int_actions__inferred",
    "intermediate.int_actions__factored",
)


def bars(load_id: str, days: Iterable[date]) -> Load:
    load = Load("polygon", load_id)
    for day in days:
        closes = {ticker: after if day >= EX else before for ticker, (before, after) in CLOSES.items()}
        rows: list[Row] = [
            {"ticker": ticker, "date": day, "open": close, "high": close, "low": close, "close": close, "volume": 600.0}
            for ticker, close in closes.items()
        ]
        load.add("bars", f"bars-{day}", at(day, 22), rows)
    return load


def lists(load_id: str, day: date, splits: list[Row], dividends: list[Row]) -> Load:
    """Polygon's lists on the evening of a day, from the first day on."""
    load = Load("polygon", load_id)
    for entity, rows in (("splits", splits), ("dividends", dividends)):
        page: dict[str, object] = {"entity": entity, "listed_from": DAYS[0], "is_last": True, "refused_count": 0}
        load.add(entity, f"{entity}-{day}", at(day, 22), rows)
        load.add("listings", f"{entity}-{day}", at(day, 22), [page | {"row_count": len(rows)}])
    return load


def split(ticker: str, old: float, new: float, ex: date = EX) -> Row:
    return {"ticker": ticker, "execution_date": ex, "split_from": old, "split_to": new}


def dividend(ticker: str, amount: float, kind: str = "CD") -> Row:
    return {"ticker": ticker, "ex_dividend_date": EX, "cash_amount": amount, "currency": "USD", "dividend_type": kind}


def elsewhere() -> list[Load]:
    """The split of THRICE once more: stated by Alpha Vantage, and in an archive with a rewritten close."""
    traded = {"open": 100.0, "high": 100.0, "low": 100.0, "close": 100.0, "volume": 600.0}
    stated = {"symbol": "THRICE", "date": EX, "split_coefficient": 2.0, "dividend_amount": 0.0, **traded}
    before = {"symbol": "THRICE", "date": DAYS[3], **traded, "close": 200.0, "adj_close": 100.0, "archive": "x"}
    after = {"symbol": "THRICE", "date": EX, **traded, "adj_close": 100.0, "archive": "x"}
    return [
        Load("alpha_vantage", "300.1").add("daily", "daily-1", at(DAYS[6], 3), [stated]),
        Load("pystock", "600.1").add("prices", "archive-1", at(DAYS[5], 12), [after, before]),
    ]


@pytest.fixture(scope="module")
def market() -> Market:
    return Market(seed=10, securities=1500)


def simulate(warehouse: Warehouse, market: Market, folder: Path) -> None:
    """A month of the simulated market: Polygon's bars, splits and dividends, and archives as they were collected."""
    source = SOURCES["polygon"]
    wanted = [e for e in source.endpoints if e.name in ("grouped_daily", "splits", "dividends")]
    with pytest.MonkeyPatch.context() as patch, Sandbox(market=market, now=NOW) as sandbox:
        for name, value in {
            "PGHOST": str(warehouse.dbt.server),
            "PGUSER": "postgres",
            "PGDATABASE": warehouse.dbt.database,
            "MARKETLOOM_HOME": str(folder / "home"),
            "SOURCES__POLYGON__BASE_URL": f"{sandbox.url}/polygon",
            "SOURCES__POLYGON__API_KEY": "sandbox-unlimited",
            "SOURCES__POLYGON__RATES": "[]",
        }.items():
            patch.setenv(name, value)
        settings = config.load("live")
        run = Run(settings, replace(source, endpoints=tuple(wanted)), Landing(settings.landing_url))
        assert run.ingest(Window(NOW, FIRST)).failures == []
        write_archives(market, folder / "archives", FIRST, NOW.date() - timedelta(days=1))
        runner.backfill(settings, "pystock", [folder / "archives"], Console(quiet=True))


@dataclass(frozen=True)
class Built:
    """The rows of the marts after each of two builds and after a full refresh."""

    warehouse: Warehouse
    adjusted: list[dict[tuple[str, date], tuple[float, ...]]]
    results: list[dict[str, str]]


@pytest.fixture(scope="module")
def built(warehouse: Warehouse, market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    dividends = [dividend("MANY", 2.0), dividend("MANY", 3.0, "SC"), dividend("SPIN", 12.0), dividend("NEAR", 9.5)]
    splits = [split("MANY", 1, 2), split("THRICE", 1, 2), split("AHEAD", 1, 5, DAYS[9] + timedelta(days=30))]
    built = Built(warehouse, [], [])

    def build(*arguments: str) -> None:
        warehouse.dbt.must("--quiet", *arguments)
        found = warehouse.rows(
            "select ticker, trading_date, close_price, total_return_close_price, volume, split_factor, dividend_factor "
            "from marts.fct_daily_bars_adjusted where trading_date < '2024-01-01'"
        )
        built.adjusted.append({(row[0], row[1]): row[2:] for row in found})
        built.results.append(warehouse.checksums(*RESULTS))

    simulate(warehouse, market, tmp_path_factory.mktemp("sandbox"))
    warehouse.load([bars("200.1", DAYS[:6]), lists("200.2", DAYS[5], [*splits, split("WRONG", 1, 2)], dividends)])
    build("build", "--select", *MODELS, "--exclude-resource-type", "test", "unit_test")
    # A wrong split is gone from the next list, and a late one is in it.
    warehouse.load([lists("200.3", DAYS[7], [*splits, split("REVERSE", 20, 1)], dividends)])
    warehouse.load([bars("200.4", DAYS[6:]), *elsewhere()])
    build("run", "--select", *MODELS, "--exclude", *RAW_VIEWS)
    build("run", "--full-refresh", "--select", *MODELS, "--exclude", *RAW_VIEWS)
    yield built


def series(built: Built, ticker: str, stage: int = 1) -> list[tuple[float, ...]]:
    """Close and total-return close of a ticker on the days before and of the ex date."""
    return [built.adjusted[stage][ticker, day][:2] for day in (DAYS[3], EX)]


def test_a_build_in_steps_gives_what_a_whole_one_gives(built: Built) -> None:
    assert built.results[0] != built.results[1]
    assert built.results[1] == built.results[2]
    assert built.adjusted[1] == built.adjusted[2]


def test_a_wrong_split_counts_until_it_is_withdrawn(built: Built) -> None:
    assert series(built, "WRONG", stage=0) == [(50.0, 50.0), (100.0, 100.0)]
    assert series(built, "WRONG", stage=1) == [(100.0, 100.0), (100.0, 100.0)]
    found = built.warehouse.rows(
        "select known_from, known_to, is_chosen from marts.fct_corporate_actions where ticker = 'WRONG'"
    )
    assert found == [(at(DAYS[5], 22), at(DAYS[7], 22), False)]


def test_the_past_is_adjusted_by_what_was_known_then(built: Built) -> None:
    query = (
        "select ticker, trading_date, close_price, total_return_close_price, volume, split_factor, dividend_factor "
        f"from marts.daily_bars_adjusted_as_of('{at(DAYS[5], 23)}') where trading_date < '2024-01-01'"
    )
    past = {(row[0], row[1]): row[2:] for row in built.warehouse.rows(query, role="marketloom_analyst")}
    assert past == built.adjusted[0]
    for mart in ("fct_daily_bars_adjusted", "fct_corporate_actions"):
        function = mart.removeprefix("fct_") + "_as_of(now())"
        current = "where known_to is null" if mart == "fct_corporate_actions" else ""
        columns = ", ".join(built.warehouse.columns(f"marts.{mart}"))
        rest = f"select {columns} from marts.{mart} {current} except select {columns} from marts.{function}"
        assert built.warehouse.rows(f"select count(*) from ({rest}) as rest") == [(0,)]
    then = built.warehouse.rows(
        "select ticker, known_to, is_chosen from "
        f"marts.corporate_actions_as_of('{at(DAYS[5], 23)}') where ticker in ('WRONG', 'REVERSE')"
    )
    assert then == [("WRONG", None, True)]


def test_a_reverse_split_that_comes_late_changes_the_past(built: Built) -> None:
    assert series(built, "REVERSE", stage=0) == [(1.0, 1.0), (20.0, 20.0)]
    assert built.adjusted[1]["REVERSE", DAYS[3]] == (20.0, 20.0, 30.0, 20.0, 1.0)
    assert built.adjusted[1]["REVERSE", EX] == (20.0, 20.0, 600.0, 1.0, 1.0)


def test_several_actions_on_a_day_all_count(built: Built) -> None:
    # 100 becomes two shares of 50, of which 5 are paid out: no loss, no gain.
    assert built.adjusted[1]["MANY", DAYS[3]] == pytest.approx((50.0, 45.0, 1200.0, 0.5, 0.9), rel=1e-12)
    assert series(built, "MANY")[1] == (45.0, 45.0)


def test_what_is_as_large_as_the_price_is_no_dividend(built: Built) -> None:
    for ticker, (before, after) in {name: CLOSES[name] for name in ("SPIN", "NEAR")}.items():
        assert series(built, ticker) == [(before, before), (after, after)]
    assert all(row[4] > 0 for row in built.adjusted[1].values())
    refused = built.warehouse.rows("select count(*) from intermediate.int_actions__factored where is_dividend_refused")
    assert refused == [(2,)]


def test_a_split_from_three_providers_counts_once(built: Built) -> None:
    assert series(built, "THRICE") == [(100.0, 100.0), (100.0, 100.0)]
    found = built.warehouse.rows(
        "select provider, is_inferred, is_chosen, split_to / split_from, known_from from marts.fct_corporate_actions "
        "where ticker = 'THRICE' order by provider"
    )
    assert found == [
        ("alpha_vantage", False, False, 2.0, at(DAYS[6], 3)),
        ("polygon", False, True, 2.0, at(DAYS[5], 22)),
        ("pystock", True, False, 2.0, at(DAYS[5], 12)),
    ]


def test_an_announced_split_waits_for_its_day(built: Built) -> None:
    assert {built.adjusted[1]["AHEAD", day][0] for day in DAYS} == {50.0}
    assert built.warehouse.rows("select is_chosen from marts.fct_corporate_actions where ticker = 'AHEAD'") == [(True,)]


def test_the_mart_holds_all_actions_of_the_simulated_market(built: Built, market: Market) -> None:
    names, dates = [s.ticker for s in market.universe.securities], market.sessions.dates
    splits = {(names[s.security], dates[s.session], s.ratio) for s in market.splits(NOW) if dates[s.session] >= FIRST}
    # What Polygon announces late the archives' adjusted closes show, but the archive of the last session is not there.
    archived, announced = dates[market.sessions.delivered(NOW) - 1], market.announced_dividends(NOW)
    counted = [d for d in market.dividends(NOW) if d in announced or dates[d.ex] < archived]
    paid = {(names[d.security], dates[d.ex], d.amount) for d in counted if dates[d.ex] >= FIRST}
    found = built.warehouse.rows(
        "select action_kind, ticker, ex_date, coalesce(split_to / split_from, cash_amount) "
        "from marts.fct_corporate_actions where is_chosen and ex_date >= '2024-01-01'"
    )
    assert len(splits) == 10
    assert {row[1:] for row in found if row[0] == "split"} == splits
    assert {row[1:] for row in found if row[0] == "dividend"} == paid
    assert len(found) == len(splits) + len(paid)


def test_factors_are_those_of_the_truth(built: Built, market: Market) -> None:
    places, sessions = market.universe.by_ticker, market.sessions
    found = built.warehouse.rows(
        "select ticker, trading_date, split_factor from marts.fct_daily_bars_adjusted "
        "where trading_date >= '2024-01-01'"
    )
    true = {
        day: market.split_factors(sessions.at_or_after(day), NOW)
        for day in {trading_date for _, trading_date, _ in found}
    }
    wrong = [row for row in found if abs(row[2] * true[row[1]][places[row[0]]] - 1) > 1e-12]
    assert len(found) > 20_000
    assert wrong == []


def closing(market: Market, session: int, place: int) -> float:
    bars = market.bars(session, NOW)
    assert bars is not None
    return float(bars.close[place])


def test_archives_alone_show_the_same_actions(built: Built, market: Market) -> None:
    names, dates = [s.ticker for s in market.universe.securities], market.sessions.dates
    # An archive speaks of what came between its two sessions: both must have been collected and traded.
    seen = [session for session, day in enumerate(dates) if FIRST < day < NOW.date() and day != date(2024, 1, 5)]
    happened = [(s.session, s.security, s.ratio) for s in market.splits(NOW)]
    happened += [(d.ex, d.security, d.amount / closing(market, d.ex - 1, d.security)) for d in market.dividends(NOW)]
    true = {
        (names[place], dates[session]): change
        for session, place, change in happened
        if session in seen
        and (market.prices.day(session).trading & market.prices.day(session - 1).trading)[place]
        and place in covered(market, session)
    }
    found = built.warehouse.rows(
        "select ticker, ex_date, reading, split_to / split_from, cash_amount / previous_close_price "
        "from intermediate.int_actions__inferred where ex_date >= '2024-01-01' and reading in ('split', 'dividend')"
    )
    assert len([row for row in found if row[2] == "split"]) >= 8
    inferred = {(row[0], row[1]): row[3] or row[4] for row in found}
    assert inferred.keys() == true.keys()
    assert inferred == pytest.approx(true, abs=1e-4)


def test_a_list_that_finishes_between_two_models_is_not_lost(built: Built) -> None:
    # The whole list of a later day has one split, and no other of those before it: this comes last in the module.
    built.warehouse.load([lists("200.5", DAYS[8], [split("THRICE", 1, 2)], [])])
    built.warehouse.run("--select", "int_actions__versioned", "int_actions__factored", "fct_corporate_actions")
    built.warehouse.run("--select", "path:dbt_project/models/intermediate/actions", "fct_corporate_actions")
    listed = built.warehouse.rows(
        "select ticker, known_to from marts.fct_corporate_actions where provider = 'polygon' "
        "and ticker in ('REVERSE', 'THRICE')"
    )
    assert sorted(listed) == [("REVERSE", at(DAYS[8], 22)), ("THRICE", None)]
