"""Stories do not depend on the order in which copies are loaded, nor on their distribution over runs.

Hypothesis draws groups of copies that share few links, titles and tickers, each copy delivered several times with
different titles, and distributes the deliveries over loads at random: late loads link separate stories, make another
copy the first one, move a copy to another story. A few lines of Python compute the expected stories from the deliveries
in the order of their receipt. Everything else must equal a full refresh of the same rows.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies

from tests.dbt import rawdata
from tests.dbt.conftest import RAW_VIEWS, Warehouse
from tests.dbt.rawdata import Load

FIRST = datetime(2024, 1, 3, 12, tzinfo=UTC)
GROUPS = 60
RUNS = 3
MARTS = ("fct_articles", "fct_article_versions", "fct_article_mention_versions", "bridge_article_securities")
RESULTS = (
    *(f"marts.{mart}" for mart in MARTS),
    *(f"intermediate.int_articles__{step}" for step in ("versioned", "grouped", "deduplicated")),
    "intermediate.int_article_mentions__extracted",
    "intermediate.int_article_securities__matched",
    "intermediate.int_tickers__known",
    "quarantine.quarantined_articles",
)


class Delivery(NamedTuple):
    """One row of one response about one copy: in order of receipt, and within one moment of response and row."""

    received_at: datetime
    response_id: str
    row: int
    copy: str
    title: str
    link: str | None
    tickers: tuple[str, ...]

    @property
    def key(self) -> str:
        return hashlib.md5(f"polygon|{self.copy}".encode()).hexdigest()


def group_of_copies(place: int, random: Random) -> list[Delivery]:
    """Up to six copies that share few links and titles, so that they are linked, and few moments."""
    links = [None, *(f"https://news.example/{place}/{n}?utm_source=feed" for n in range(3))]
    titles = [f"{word} {place}" for word in ("Looms", "Wefts on $LATE", "Warps on $NOBODY")]
    titles.append("")
    found = {}
    for number in range(random.randint(2, 6)):
        for _ in range(random.randint(1, 3)):
            moment = random.randrange(6)
            delivery = Delivery(
                FIRST + timedelta(hours=moment),
                f"response {place} {moment} {random.randrange(2)}",
                random.randrange(2),
                f"copy {place} {number}",
                random.choice(titles),
                random.choice(links),
                tuple(random.sample(["AV", "LATE", "X:COIN", "BV"], random.randint(0, 2))),
            )
            found[delivery[:4]] = delivery
    return sorted(found.values(), key=lambda delivery: delivery[:4])


def stories(deliveries: list[Delivery]) -> dict[str, str]:
    """The story of each copy: its first version decides, by link and by title in turn, twice, among earlier copies."""
    by_moment = {(d.copy, d.received_at): d for d in sorted(deliveries, key=lambda d: d[:3]) if d.title}
    first: dict[str, Delivery] = {}
    for (copy, _), delivery in sorted(by_moment.items()):
        first.setdefault(copy, delivery)
    ordered = sorted(first.values(), key=lambda d: (d.received_at, d.key))
    numbers = list(range(len(ordered)))
    for link_counts in (True, False, True, False):
        lowest: dict[str, int] = {}
        for place, known in enumerate(ordered):
            group = (known.link or known.copy) if link_counts else known.title
            numbers[place] = lowest[group] = min(lowest.get(group, place), numbers[place])
    keys: dict[int, str] = {}
    for known, number in zip(ordered, numbers, strict=True):
        keys.setdefault(number, known.key)
    return {known.key: keys[number] for known, number in zip(ordered, numbers, strict=True)}


def loads(deliveries: list[Delivery], random: Random) -> list[Load]:
    """The deliveries, distributed at random over one load for each run; one of them also lists the ticker LATE."""
    shuffled = random.sample(deliveries, len(deliveries))
    found = [Load("polygon", f"{200 + number}.1") for number in range(RUNS)]
    for delivery in shuffled:
        words = {"id": delivery.copy, "title": delivery.title, "article_url": delivery.link}
        row = {**words, "tickers": json.dumps(delivery.tickers), "published_utc": FIRST}
        rows = random.choice(found).add("news", delivery.response_id, delivery.received_at, [row]).rows["news"]
        rows[-1] = {**rows[-1], "_row_number": delivery.row}
    listing = {"ticker": "LATE", "name": "Late Inc.", "active": True, "type": "CS"}
    random.choice(found).add("tickers", "list", FIRST + timedelta(hours=random.randrange(6)), [listing])
    return found


def build(warehouse: Warehouse, *arguments: str) -> None:
    warehouse.run("--select", *(f"+{mart}" for mart in MARTS), "quarantined_articles", *arguments)


@pytest.fixture(scope="module")
def ready(warehouse: Warehouse) -> Warehouse:
    warehouse.load([rawdata.calendar()])
    warehouse.prepare()
    return warehouse


@given(seed=strategies.integers(0, 2**32))
@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_and_any_distribution_over_runs_give_the_same_stories(ready: Warehouse, seed: int) -> None:
    random = Random(seed)
    deliveries = [delivery for place in range(GROUPS) for delivery in group_of_copies(place, random)]
    ready.reset()
    grouped: list[dict[str, str]] = []
    stories_of_copies = "select copy_key, article_key from intermediate.int_articles__grouped where not is_deleted"
    for load in loads(deliveries, random):
        ready.load([load])
        build(ready)
        grouped.append(dict(ready.rows(stories_of_copies)))
    assert grouped[-1] == stories(deliveries)
    found = ready.checksums(*RESULTS)
    build(ready, "--full-refresh")
    assert ready.checksums(*RESULTS) == found
    # Among so many, a late load takes copies to other stories, those of two stories to one, and of one to two.
    before, after = grouped[0], grouped[-1]
    moved = {copy for copy in before if before[copy] != after[copy]}
    assert moved
    assert any(len({before[copy] for copy in before if after[copy] == key}) > 1 for key in set(after.values()))
    assert ready.rows("select 1 from marts.bridge_article_securities where ticker = 'LATE' and is_from_cashtag")


def test_a_late_listing_makes_mentions_of_earlier_cashtags(ready: Warehouse) -> None:
    ready.reset()
    ready.load([rawdata.polygon_news()])
    build(ready)
    assert mentioned(ready) == {"AV", "AW"}
    ready.load([rawdata.polygon_reference()])
    build(ready)
    assert mentioned(ready) == {"AV", "AW", "BV"}
    assert ready.rows("select mention_count from marts.fct_articles where title like 'Saturday%'") == [(1,)]


def test_a_ticker_with_characters_of_json_is_read_and_makes_no_mention(ready: Warehouse) -> None:
    stocks = ['A"V', "A\\V", "A\nV", '"', "]", "A" * 9000, "AV"]
    ready.reset()
    load, known = Load("headlines", "500.1"), rawdata.at(rawdata.sessions()[4], 15)
    rows = [{"title": f"Looms {place}", "date": known, "stock": stock} for place, stock in enumerate(stocks)]
    ready.load([rawdata.polygon_bars("200.1", 0, 3), load.add("headlines", "odd", known, rows)])
    build(ready)
    assert mentioned(ready) == {"AV"}
    assert ready.rows("select count(*) from marts.fct_articles") == [(len(stocks),)]


def test_a_day_that_turns_out_a_holiday_moves_its_stories(ready: Warehouse) -> None:
    ready.reset()
    ready.load([rawdata.polygon_news()])
    build(ready)
    day, following = rawdata.sessions()[3:5]
    sessions = (
        "select a.session_date, b.effective_session_date, b.published_effective_session_date from marts.fct_articles a "
        "join marts.bridge_article_securities b using (article_key) where a.copy_count = 1 and b.ticker = 'AV'"
    )
    assert [(row[0], row[2]) for row in ready.rows(sessions)] == [(day, day)]
    (known,) = (row for row in rawdata.calendar().rows["days"] if row["date"] == day)
    closed = {**known, "is_session": False, "open_at": None, "close_at": None}
    ready.load([Load("calendar", "100.2").add("days", "calendar-2", rawdata.at(day, 9), [closed])])
    build(ready)
    assert [(row[0], row[2]) for row in ready.rows(sessions)] == [(following, following)]
    found = ready.checksums(*RESULTS)
    build(ready, "--full-refresh")
    assert ready.checksums(*RESULTS) == found


@pytest.mark.parametrize("table", ["int_articles__grouped", "int_articles__deduplicated"])
def test_what_failed_is_built_by_the_next_build(ready: Warehouse, table: str) -> None:
    ready.reset()
    ready.load([rawdata.polygon_news()])
    build(ready)
    ready.load([rawdata.feeds(), rawdata.alpha_vantage()])
    with ready.failing(f"intermediate.{table}", "article_key = ''"):
        chosen = [f"+{mart}" for mart in MARTS]
        assert ready.dbt.run("run", "--select", *chosen, "--exclude", *RAW_VIEWS).returncode == 1
    builds_what_a_full_refresh_builds(ready)


def test_what_a_full_refresh_grouped_is_read_by_the_next_build(ready: Warehouse) -> None:
    ready.reset()
    ready.load([rawdata.polygon_news()])
    build(ready)
    ready.load([rawdata.feeds(), rawdata.alpha_vantage()])
    ready.run("--full-refresh", "--select", "int_articles__versioned", "int_articles__grouped")
    builds_what_a_full_refresh_builds(ready)


def builds_what_a_full_refresh_builds(warehouse: Warehouse) -> None:
    build(warehouse)
    found = warehouse.checksums(*RESULTS)
    assert warehouse.rows("select max(copy_count) from marts.fct_articles") == [(3,)]
    build(warehouse, "--full-refresh")
    assert warehouse.checksums(*RESULTS) == found


def mentioned(warehouse: Warehouse) -> set[str]:
    return {ticker for (ticker,) in warehouse.rows("select ticker from marts.bridge_article_securities")}
