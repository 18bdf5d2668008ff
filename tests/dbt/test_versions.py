"""Versions of bars do not depend on the order in which deliveries are loaded, nor on their distribution over runs.

Hypothesis draws histories of many bars at once: each bar is one example. A few lines of Python compute the expected
versions from the deliveries in the order of their receipt.
"""

import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies

from tests.dbt import rawdata
from tests.dbt.conftest import Warehouse
from tests.dbt.rawdata import Load

DAY = rawdata.FIRST
MODELS = ("int_bars__versioned", "fct_daily_bar_versions")
BARS = 150
RUNS = 3


class Delivery(NamedTuple):
    """One row of one response: in order of receipt, and within one moment of response and row."""

    received_at: datetime
    response_id: str
    row: int
    close: float
    volume: float


class Version(NamedTuple):
    """One version, as in fct_daily_bar_versions."""

    number: int
    close: float
    volume: float
    known_from: datetime
    known_to: datetime | None
    kind: str | None


def history(random: Random) -> list[Delivery]:
    """Up to eight deliveries of one bar: few values, so that they come back, and few moments, so that they meet."""
    return sorted(
        {
            (moment, response, row): Delivery(
                datetime(2024, 1, 3, 12, tzinfo=UTC) + timedelta(hours=moment),
                f"response {moment} {response}",
                row,
                random.choice([10.0, 11.0]),
                random.choice([100.0, 100.0, 250.0]),
            )
            for moment, response, row in (
                (random.randrange(5), random.randrange(2), random.randrange(2)) for _ in range(random.randint(1, 8))
            )
        }.values()
    )


def versions(deliveries: Iterable[Delivery]) -> list[Version]:
    """The versions of a history, by their definition: one delivery a moment, a new version where values change."""
    last = {delivery.received_at: delivery for delivery in sorted(deliveries)}
    groups = [list(group) for _, group in itertools.groupby(last.values(), key=lambda d: (d.close, d.volume))]
    found: list[Version] = []
    for number, group in enumerate(groups, 1):
        first = group[0]
        until = groups[number][0].received_at if number < len(groups) else None
        kind = None
        if found:
            changes = (found[-1].close != first.close, found[-1].volume != first.volume)
            kind = {(True, True): "both", (True, False): "price", (False, True): "volume"}[changes]
        found.append(Version(number, first.close, first.volume, first.received_at, until, kind))
    return found


def loads(histories: dict[str, list[Delivery]], random: Random) -> list[Load]:
    """The deliveries of all bars, distributed at random over one load for each run."""
    shuffled = [(ticker, delivery) for ticker, deliveries in histories.items() for delivery in deliveries]
    random.shuffle(shuffled)
    found = [Load("polygon", f"{200 + number}.1") for number in range(RUNS)]
    for ticker, delivery in shuffled:
        prices = dict.fromkeys(("open", "high", "low", "close"), delivery.close)
        row: dict[str, Any] = {"ticker": ticker, "date": DAY, "adjusted": False, "volume": delivery.volume, **prices}
        rows = random.choice(found).add("bars", delivery.response_id, delivery.received_at, [row]).rows["bars"]
        rows[-1] = {**rows[-1], "_row_number": delivery.row}
    return found


def built(warehouse: Warehouse) -> dict[str, list[Version]]:
    rows = warehouse.rows(
        "select ticker, version_number, close_price, volume, known_from, known_to, restatement_kind "
        "from marts.fct_daily_bar_versions order by 1, 2"
    )
    groups = itertools.groupby(rows, key=lambda row: str(row[0]))
    return {ticker: [Version(*row[1:]) for row in group] for ticker, group in groups}


@pytest.fixture(scope="module")
def ready(warehouse: Warehouse) -> Warehouse:
    warehouse.prepare()
    return warehouse


@given(seed=strategies.integers(0, 2**32))
@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_order_and_any_distribution_over_runs_give_the_same_versions(ready: Warehouse, seed: int) -> None:
    random = Random(seed)
    histories = {f"T{number}": history(random) for number in range(BARS)}
    ready.reset()
    ready.run("--select", "+int_tickers__assigned")
    for load in loads(histories, random):
        ready.load([load])
        ready.run("--select", *MODELS)
    found, expected = built(ready), {ticker: versions(deliveries) for ticker, deliveries in histories.items()}
    assert found == expected
    # Among so many, values come back that were there before, and moments hold several deliveries.
    assert any(len(each) > 2 and each[0][1:3] == each[2][1:3] for each in expected.values())
    ready.run("--full-refresh", "--select", *MODELS)
    assert built(ready) == expected
