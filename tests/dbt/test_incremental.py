"""Loads in any order, late, unfinished or in the middle of a build: in the end the marts are the same."""

from datetime import date, datetime, timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies

from tests.dbt import rawdata
from tests.dbt.conftest import RAW_VIEWS, Warehouse
from tests.dbt.rawdata import Load
from tests.warehouse import key_of

TIMELESS = (
    *("marts.fct_daily_bars", "marts.fct_daily_bars_adjusted", "marts.fct_corporate_actions", "marts.mart_stock_days"),
    *("marts.fct_articles", "marts.bridge_article_securities", "marts.dim_securities"),
    *("marts.mart_restatements", "marts.fct_article_reactions", "marts.fct_daily_indicators"),
)
STATE = (
    *(f"intermediate.int_bars__{step}" for step in ("versioned", "chosen", "sequenced")),
    *("marts.fct_daily_bar_versions", "intermediate.int_articles__versioned", "marts.fct_article_mention_versions"),
    *("intermediate.int_tickers__known", "intermediate.int_tickers__assigned", "intermediate.int_actions__factored"),
    *("marts.fct_article_versions", "intermediate.int_articles__grouped", "quarantine.quarantined_articles"),
    *("marts.dim_security_versions", "intermediate.int_news_days__measured"),
)

STEPS = 4

KEY_OF_AW, KEY_OF_BY = key_of("'AW'"), key_of("'BY'")

# The companies of the facts of AW (reused) and of BY and BZ (one company, renamed).
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
    "select ticker, count(*), count(superseded_at) from marts.fct_daily_bar_versions "
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


@pytest.fixture(scope="module")
def ready(warehouse: Warehouse) -> Warehouse:
    """Views and seeds are there; the calendar is loaded."""
    warehouse.load([rawdata.calendar()])
    warehouse.prepare()
    return warehouse


def batches() -> list[list[Load]]:
    """Three batches. Each restates, repeats or overlaps an earlier one, or reports a company."""
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


@pytest.fixture(scope="module")
def refreshed(ready: Warehouse) -> dict[str, str]:
    """The checksums of a full refresh of all loads of `batches`."""
    ready.reset()
    ready.load(load for batch in batches() for load in batch)
    ready.run("--full-refresh")
    return ready.checksums(*TIMELESS, *STATE)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_any_order_of_loads_and_a_full_refresh_give_the_same_marts(
    ready: Warehouse, refreshed: dict[str, str], order: tuple[int, ...]
) -> None:
    ready.reset()
    for place in order:
        ready.load(batches()[place])
        ready.run()
    assert ready.checksums(*refreshed) == refreshed
    for query, expected in COMPANIES.items():
        assert ready.rows(query) == expected, query
    ready.run()
    assert ready.checksums(*refreshed) == refreshed


def test_an_unfinished_load_is_not_read_until_it_finishes(ready: Warehouse) -> None:
    models = ("--select", "+fct_daily_bars", "+fct_articles")
    ready.reset()
    ready.load([rawdata.polygon_bars("200.1", 0, 3)])
    late = rawdata.polygon_bars("200.0", 3, 4)
    news = rawdata.polygon_news("200.05")
    for load in (late, news):
        ready.load([load], finish=False)
    for arguments in ((), ("--full-refresh",)):
        ready.run(*models, *arguments)
        assert counts(ready) == (120, 0)
    for load in (late, news):
        load.finish(ready.connect())
    ready.run(*models)
    assert counts(ready) == (160, 2)


def test_a_load_that_finishes_between_two_models_is_not_lost(ready: Warehouse) -> None:
    models = ("--select", "+fct_daily_bars", "fct_daily_bar_versions", "+fct_articles")
    ready.reset()
    ready.load([rawdata.polygon_bars("200.1", 0, 3)])
    ready.run(*models)
    ready.load([rawdata.polygon_bars("200.2", 3, 4)])
    ready.run("--select", "int_bars__versioned")
    ready.load([rawdata.polygon_bars("200.3", 4, 5)])
    ready.run("--select", "fct_daily_bar_versions", "int_bars__chosen", "fct_daily_bars")
    assert counts(ready)[0] == 160
    ready.run(*models)
    assert counts(ready)[0] == 200


def test_a_model_that_failed_reads_the_same_updates_in_the_next_run(ready: Warehouse) -> None:
    models = ("--select", "+fct_daily_indicators", "fct_daily_bars", "+fct_articles")
    ready.reset()
    ready.load([rawdata.polygon_bars("200.1", 0, 3)])
    ready.run(*models)
    ready.load([rawdata.polygon_bars("200.2", 3, 4)])
    with ready.failing("intermediate.int_bars__chosen", f"trading_date < '{rawdata.sessions()[3]}'"):
        assert ready.dbt.run("run", "--select", "int_bars__versioned", "int_bars__chosen").returncode == 1
    assert counts(ready)[0] == 120
    # The same for a model that reads other models and no raw rows.
    with ready.failing("intermediate.int_indicators__computed", f"trading_date < '{rawdata.sessions()[3]}'"):
        assert ready.dbt.run("run", *models, "--exclude", *RAW_VIEWS).returncode == 1
    ready.run(*models)
    assert counts(ready)[0] == 160
    usable = "select security_key, trading_date from {} order by 1, 2"
    assert ready.rows(usable.format("marts.fct_daily_indicators")) == ready.rows(
        usable.format("intermediate.int_bars__sequenced where bar_number is not null and not is_deleted")
    )


def test_returns_after_a_story_are_written_again_only_where_a_bar_that_they_use_changes(ready: Warehouse) -> None:
    def measured() -> dict[tuple[str, int], tuple[float, datetime]]:
        rows = ready.rows(
            "select ticker, trading_date, return_5, m._updated_at from intermediate.int_news_days__measured as m "
            "inner join marts.fct_daily_bars using (security_key, trading_date) where is_final and not is_deleted"
        )
        return {(ticker, days.index(day)): (returned, written) for ticker, day, returned, written in rows}

    def restate(load_id: str, place: int) -> None:
        row = {"ticker": "AV", "date": days[place], "vwap": 11.0, "transactions": 7, **rawdata.bar(0, place, 5.0)}
        load = Load("polygon", load_id)
        ready.load([load.add("bars", f"restated-{place}", rawdata.at(days[29] + timedelta(days=place), 12), [row])])
        ready.run(*models)

    days, models = rawdata.sessions(), ("--select", "+int_news_days__measured", "fct_daily_bars")
    ready.reset()
    ready.load([rawdata.polygon_bars("200.1", 0, 30), rawdata.polygon_reference(), rawdata.polygon_news()])
    ready.run(*models)
    before = measured()
    assert {("AV", 3), ("AV", 4), ("AW", 3), ("AW", 4)} <= set(before)
    restate("200.2", 25)
    assert measured() == before
    restate("200.3", 9)
    after = measured()
    # The fifth session after the 4th one is the 9th; no return from the 3rd one ends there.
    assert {key for key in before if after[key] != before[key]} == {("AV", 4)}
    assert after["AV", 4][0] > before["AV", 4][0]


@given(seed=strategies.integers(0, 2**32))
@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_of_builds_gives_what_a_full_refresh_gives(
    ready: Warehouse, refreshed: dict[str, str], seed: int
) -> None:
    """Loads finish in any order between builds of some models, builds that fail and full refreshes of one model."""
    random = Random(seed)
    models = tables(ready)
    waiting = [load for batch in batches() for load in batch]
    random.shuffle(waiting)
    ready.reset()
    # Written, but not finished.
    held: list[Load] = []
    for step in range(STEPS):
        count = len(waiting) // (STEPS - step)
        arrived, waiting = waiting[:count], waiting[count:]
        ready.load(arrived, finish=False)
        held += arrived
        random.shuffle(held)
        finish(ready, [held.pop() for _ in range(random.randint(min(1, len(held)), len(held)))], step, random)
        if step == 0:
            ready.run()
        else:
            build_somehow(ready, models, random)
    finish(ready, held, STEPS, random)
    # One run is enough: each model reads all that its parents wrote since its own last row.
    ready.run()
    assert ready.checksums(*refreshed) == refreshed


def tables(warehouse: Warehouse) -> dict[str, str]:
    """The materialization of each model but the views of raw rows."""
    warehouse.dbt.must("parse", "--quiet")
    nodes = [n for n in warehouse.dbt.artifact("manifest")["nodes"].values() if n["resource_type"] == "model"]
    models = [n for n in nodes if "staging" not in n["tags"] and not n["name"].endswith("__unioned")]
    return {n["name"]: n["config"]["materialized"] for n in sorted(models, key=lambda n: str(n["name"]))}


def finish(warehouse: Warehouse, loads: list[Load], step: int, random: Random) -> None:
    """Finish loads up to 30 minutes earlier than the newest load that a build may have read: they committed later."""
    connection = warehouse.connect()
    for load in loads:
        minutes = 20 * step + random.randint(0, 50)
        load.finish(connection, f"2024-03-01 {minutes // 60:02}:{minutes % 60:02}+00")
    connection.close()


def build_somehow(warehouse: Warehouse, models: dict[str, str], random: Random) -> None:
    kind = random.choice(["some", "some", "failing", "refresh", "refresh with children", "refresh with parents"])
    names = list(models)
    if kind == "some":
        warehouse.run("--select", *random.sample(names, random.randint(1, len(names) // 2)))
    elif kind == "failing":
        name = random.choice([name for name in names if models[name] == "incremental" and name.startswith("int_")])
        with warehouse.failing(f"intermediate.{name}", "false"):
            warehouse.dbt.run("run", "--exclude", *RAW_VIEWS)
    else:
        name = random.choice(names)
        chosen = {"refresh": name, "refresh with children": f"{name}+", "refresh with parents": f"+{name}"}[kind]
        warehouse.run("--full-refresh", "--select", chosen)


def counts(warehouse: Warehouse) -> tuple[int, int]:
    """Bars and articles in the marts."""
    query = "select (select count(*) from marts.fct_daily_bars), (select count(*) from marts.fct_articles)"
    bars, articles = warehouse.rows(query)[0]
    return bars, articles
