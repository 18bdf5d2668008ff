"""Loads may come in any order, late, unfinished or in the middle of a build: the marts are the same in the end."""

from datetime import date, timedelta

import pytest

from tests.dbt import rawdata
from tests.dbt.conftest import House
from tests.dbt.rawdata import Load
from tests.warehouse import key_of

TIMELESS = (
    *("marts.fct_daily_bars", "marts.fct_daily_bars_adjusted", "marts.fct_corporate_actions", "marts.mart_stock_days"),
    *("marts.fct_articles", "marts.bridge_article_securities", "marts.dim_securities"),
    *("marts.mart_restatements", "marts.fct_article_reactions", "marts.fct_daily_indicators"),
)
STATE = (
    *("intermediate.int_bars__versioned", "marts.fct_daily_bar_versions", "intermediate.int_articles__versioned"),
    *("marts.fct_article_mention_versions", "intermediate.int_tickers__applied", "intermediate.int_actions__applied"),
    *("marts.fct_article_versions", "intermediate.int_articles__grouped", "quarantine.quarantined_articles"),
)
# Views of what was received; the others stand on tables.
EARLY_VIEWS = ("path:dbt_project/models/staging", "int_bars__unioned", "int_articles__unioned")

KEY_OF_AW, KEY_OF_BY = key_of("'AW'"), key_of("'BY'")

# Whose the facts of AW (reused) and of BY and BZ (one company, renamed) are in the end.
COMPANIES = {
    f"select ticker, security_key = {KEY_OF_AW}, min(trading_date), max(trading_date) from marts.fct_daily_bars "
    "where ticker = 'AW' group by 1, 2 order by 3": [
        ("AW", True, date(2024, 1, 2), date(2024, 1, 9)),
        ("AW", False, date(2024, 1, 10), date(2024, 2, 12)),
    ],
    "select ticker, min(trading_date), max(trading_date), count(*) from marts.fct_daily_bars "
    f"where security_key = {KEY_OF_BY} group by 1 order by 2": [
        ("BY", date(2024, 1, 2), date(2024, 1, 22), 15),
        ("BZ", date(2024, 1, 23), date(2024, 2, 12), 15),
    ],
    "select ticker, count(*), count(set_aside_from) from marts.fct_daily_bar_versions "
    f"where security_key = {KEY_OF_BY} group by 1 order by 1": [("BY", 35, 15), ("BZ", 35, 20)],
    # The split under the new ticker counts for the bars under the old one, too.
    "select ticker, split_factor, count(*) from marts.fct_daily_bars_adjusted "
    f"where security_key = {KEY_OF_BY} group by 1, 2 order by 1, 2": [("BY", 0.5, 15), ("BZ", 0.5, 5), ("BZ", 1.0, 10)],
    # Mentioned in a story of the 5th, when AW was the first company's.
    f"select security_key = {KEY_OF_AW} from marts.bridge_article_securities where ticker = 'AW'": [(True,)],
    "select count(*) from (select security_key from marts.fct_daily_bar_versions "
    "union select security_key from marts.fct_daily_bars_adjusted "
    "union select security_key from marts.fct_corporate_actions "
    "union select security_key from marts.fct_article_mention_versions) as facts "
    "where not exists (select from marts.dim_securities as d where d.security_key = facts.security_key)": [(0,)],
}


def run(house: House, *arguments: str) -> None:
    house.dbt.must("run", "--quiet", "--exclude", *EARLY_VIEWS, *arguments)


@pytest.fixture(scope="module")
def ready(house: House) -> House:
    """Views and seeds are there; the calendar is loaded."""
    house.load([rawdata.calendar()])
    house.dbt.must(
        "build",
        "--quiet",
        "--select",
        *EARLY_VIEWS,
        "resource_type:seed",
        "--exclude-resource-type",
        "test",
    )
    return house


@pytest.fixture
def batches() -> list[list[Load]]:
    """Three batches; each later one restates, repeats or overlaps what an earlier one holds, or tells of a company."""
    return [
        [
            rawdata.polygon_bars("200.1", 0, 15),
            rawdata.polygon_reference(),
            rawdata.polygon_news(),
            rawdata.headlines(),
        ],
        [rawdata.restatements("200.2"), rawdata.pystock("600.1"), rawdata.alpha_vantage(), rawdata.reused()],
        [rawdata.polygon_bars("200.3", 1, 30), rawdata.feeds(), rawdata.records(), rawdata.renamed()],
    ]


def test_any_order_of_loads_and_a_full_refresh_give_the_same_marts(ready: House, batches: list[list[Load]]) -> None:
    found = []
    for order in ([0, 1, 2], [2, 1, 0]):
        forget(ready)
        for place in order:
            ready.load(batches[place])
            run(ready)
        found.append(ready.checksums(*TIMELESS, *STATE))
    run(ready, "--full-refresh")
    found.append(ready.checksums(*TIMELESS, *STATE))
    assert found[0] == found[1]
    assert found[1] == found[2]
    run(ready)
    assert ready.checksums(*TIMELESS, *STATE) == found[2]
    for query, expected in COMPANIES.items():
        assert ready.rows(query) == expected, query


def test_an_unfinished_load_is_not_read_until_it_finishes(ready: House) -> None:
    forget(ready)
    ready.load([rawdata.polygon_bars("200.1", 0, 3)])
    late = rawdata.polygon_bars("200.0", 3, 4)
    news = rawdata.polygon_news("200.05")
    for load in (late, news):
        ready.load([load], finish=False)
    for arguments in ((), ("--full-refresh",)):
        run(ready, *arguments)
        assert counts(ready) == (120, 0)
    for load in (late, news):
        load.finish(ready.connect())
    run(ready)
    assert counts(ready) == (160, 2)


def test_a_load_that_finishes_between_two_models_is_not_lost(ready: House) -> None:
    forget(ready)
    ready.load([rawdata.polygon_bars("200.1", 0, 3)])
    run(ready)
    ready.load([rawdata.polygon_bars("200.2", 3, 4)])
    run(ready, "--select", "int_loads__finished", "int_bars__versioned")
    ready.load([rawdata.polygon_bars("200.3", 4, 5)])
    run(ready, "--select", "int_loads__finished", "fct_daily_bar_versions", "fct_daily_bars")
    assert counts(ready)[0] == 160
    run(ready)
    assert counts(ready)[0] == 200


def test_a_model_that_breaks_off_has_claimed_nothing(ready: House) -> None:
    forget(ready)
    ready.load([rawdata.polygon_bars("200.1", 0, 3)])
    run(ready)
    ready.rows(
        f"alter table marts.fct_daily_bars add constraint broken check (trading_date < '{rawdata.sessions()[3]}')"
    )
    ready.load([rawdata.polygon_bars("200.2", 3, 4)])
    claimed = "select count(*) from intermediate.int_loads__processed where model = 'fct_daily_bars'"
    before = ready.rows(claimed)
    chosen = ("int_loads__finished", "int_bars__versioned+1", "fct_daily_bars")
    assert ready.dbt.run("run", "--select", *chosen).returncode == 1
    assert ready.rows(claimed) == before
    ready.rows("alter table marts.fct_daily_bars drop constraint broken")
    # Nor has a model that follows changes instead of loads followed any.
    ready.rows(
        f"alter table marts.fct_daily_indicators add constraint broken check (trading_date < '{rawdata.sessions()[3]}')"
    )
    followed = "select * from intermediate.int_changes__followed where model = 'fct_daily_indicators' order by followed"
    before = ready.rows(followed)
    assert ready.dbt.run("run", "--quiet", "--exclude", *EARLY_VIEWS).returncode == 1
    assert ready.rows(followed) == before
    ready.rows("alter table marts.fct_daily_indicators drop constraint broken")
    run(ready)
    assert ready.rows(followed) != before
    assert counts(ready)[0] == 160
    usable = "select security_key, trading_date from {} order by 1, 2"
    assert ready.rows(usable.format("marts.fct_daily_indicators")) == ready.rows(
        usable.format("intermediate.int_bars__numbered")
    )


def test_what_followed_a_story_is_measured_again_where_a_bar_within_its_reach_changes(ready: House) -> None:
    def measured() -> dict[tuple[str, int], tuple[float, str]]:
        rows = ready.rows(
            "select ticker, trading_date, return_5, m.xmin::text from intermediate.int_session_returns__measured as m "
            "inner join marts.fct_daily_bars using (security_key, trading_date) where is_final"
        )
        return {(ticker, days.index(day)): (returned, written) for ticker, day, returned, written in rows}

    def restate(load_id: str, place: int) -> None:
        row = {"ticker": "AV", "date": days[place], "vwap": 11.0, "transactions": 7, **rawdata.bar(0, place, 5.0)}
        load = Load("polygon", load_id)
        ready.load([load.add("bars", f"restated-{place}", rawdata.at(days[29] + timedelta(days=place), 12), [row])])
        run(ready)

    days = rawdata.sessions()
    forget(ready)
    ready.load([rawdata.polygon_bars("200.1", 0, 30), rawdata.polygon_reference(), rawdata.polygon_news()])
    run(ready)
    before = measured()
    assert {("AV", 3), ("AV", 4), ("AW", 3), ("AW", 4)} <= set(before)
    restate("200.2", 25)
    assert measured() == before
    restate("200.3", 9)
    after = measured()
    assert {key for key in before if after[key] != before[key]} == {("AV", 3), ("AV", 4)}
    assert after["AV", 4][0] > before["AV", 4][0]


def counts(house: House) -> tuple[int, int]:
    """Bars and articles in the marts."""
    query = "select (select count(*) from marts.fct_daily_bars), (select count(*) from marts.fct_articles)"
    bars, articles = house.rows(query)[0]
    return bars, articles


def forget(house: House) -> None:
    """Empty the raw tables (the calendar stays) and drop what was built from them."""
    tables = house.rows(
        "select schemaname || '.' || tablename from pg_tables where schemaname like 'raw_%' "
        "and schemaname <> 'raw_calendar' and (tablename !~ '^_dlt' or tablename = '_dlt_loads')"
    )
    built = house.rows(
        "select schemaname || '.' || tablename from pg_tables "
        "where tablename ~ '^(int|fct|mart|dim|bridge|quarantined)_'"
    )
    house.rows("truncate " + ", ".join(name for (name,) in tables))
    if built:
        house.rows("drop table " + ", ".join(name for (name,) in built) + " cascade")
    house.dbt.must("run", "--quiet", "--select", *EARLY_VIEWS, "int_loads__processed")
