"""A warehouse in which only some sources are in use builds without a failing test."""

from collections.abc import Callable

import pytest

from tests.dbt import rawdata
from tests.dbt.conftest import Warehouse
from tests.dbt.rawdata import Load

PARTS: dict[str, Callable[[], Load]] = {
    "fct_articles": rawdata.headlines,
    "fct_daily_bars": rawdata.pystock,
}


def test_a_calendar_alone_is_built_and_an_empty_build_leaves_no_red_test(warehouse: Warehouse) -> None:
    warehouse.load([rawdata.calendar()])
    assert "WARN=0 ERROR=0 SKIP=0" in warehouse.dbt.must("build", "--empty", "--exclude-resource-type", "unit_test")
    assert warehouse.rows("select count(*) from marts.dim_sessions") == [(0,)]
    assert "WARN=0 ERROR=0 SKIP=0" in warehouse.dbt.must("build", "--exclude-resource-type", "unit_test")
    assert warehouse.rows("select count(*) > 0 from marts.dim_sessions") == [(True,)]


@pytest.mark.parametrize("mart", PARTS)
def test_one_source_alone_is_built(warehouse: Warehouse, mart: str) -> None:
    warehouse.reset()
    warehouse.load([PARTS[mart]()])
    assert "WARN=0 ERROR=0 SKIP=0" in warehouse.dbt.must("build", "--exclude-resource-type", "unit_test")
    assert [name for name in PARTS if warehouse.rows(f"select exists (select from marts.{name})") == [(True,)]] == [
        mart
    ]


def test_a_mart_that_loses_what_its_parent_has_fails_its_test(warehouse: Warehouse) -> None:
    warehouse.rows("delete from intermediate.int_bars__chosen")
    done = warehouse.dbt.run("test", "--select", "fct_daily_bars,test_name:not_empty")
    assert done.returncode == 1 and "not_empty_fct_daily_bars" in done.stdout
