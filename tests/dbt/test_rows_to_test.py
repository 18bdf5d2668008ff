"""What data tests read: in a build, what was written since they last passed; otherwise everything."""

import pytest

from tests.dbt import rawdata
from tests.dbt.conftest import House

# Bars, without the views they are read from: replacing a view drops those that stand on it.
BARS = (
    "int_loads__finished",
    "int_bars__versioned",
    "fct_daily_bar_versions",
    "fct_daily_bars",
    "fct_daily_bars_adjusted",
)
STRAY = rawdata.FIRST.replace(year=2020)
SILENTLY = "set session_replication_role = replica;"


@pytest.fixture(scope="module")
def tested(house: House) -> House:
    """Everything loaded, built and found good."""
    house.load(rawdata.everything())
    house.dbt.must("build", "--quiet", "--exclude-resource-type", "unit_test")
    return house


def failures(house: House, *arguments: str) -> set[str]:
    """The names of the tests that fail in a dbt command, which must have had something to test."""
    house.dbt.run(*arguments)
    results = house.dbt.artifact("run_results")["results"]
    assert results and {result["status"] for result in results} <= {"success", "pass", "fail", "skipped"}
    return {result["unique_id"].split(".")[2] for result in results if result["status"] == "fail"}


def build(house: House, *models: str) -> set[str]:
    """Failures of a build of the models, by default of one that has nothing new to read."""
    chosen = models or ("fct_daily_bars",)
    return failures(house, "build", "--exclude-resource-type", "unit_test", "--select", *chosen)


def compiled(house: House, name: str) -> str:
    """The SQL that the last command ran for a test."""
    results = house.dbt.artifact("run_results")["results"]
    return next(result["compiled_code"] for result in results if name in result["unique_id"])


def untested(house: House, name: str) -> int:
    count: int = house.rows(f"select count(*) from untested.{name}")[0][0]
    return count


def test_a_bad_row_of_a_new_load_fails_in_every_build_until_it_is_mended(tested: House) -> None:
    values = {"ticker": "AV", "date": STRAY, **rawdata.bar(0, 0)}
    tested.load([rawdata.Load("polygon", "900.1").add("bars", "stray", rawdata.at(STRAY, 22), [values])])
    # A build that was killed before its tests leaves this behind.
    tested.dbt.must("run", "--quiet", "--select", *BARS)
    for _ in range(2):
        assert build(tested, *BARS) == {f"{name}_trading_date_is_known" for name in BARS[2:]}
        assert "untested.fct_daily_bars" in compiled(tested, "fct_daily_bars_trading_date_is_known")
        assert untested(tested, "fct_daily_bars") == 1
    assert tested.rows("select * from quarantine.fct_daily_bars_trading_date_is_known") == [(STRAY,)]
    tested.rows("delete from raw_polygon.bars where _response_id = 'stray'")
    for table in ("intermediate.int_bars__versioned", *(f"marts.{name}" for name in BARS[2:])):
        tested.rows(f"delete from {table} where trading_date = '{STRAY}'")
    assert build(tested, *BARS) == set()
    assert untested(tested, "fct_daily_bars") == 0


def test_a_row_changed_by_hand_is_tested_by_the_next_build(tested: House) -> None:
    tested.rows("update marts.fct_daily_bars set provider = 'nobody' where ticker = 'OLD' and close_price = 50.77")
    assert build(tested) == {"fct_daily_bars_provider_is_known"}
    tested.rows("update marts.fct_daily_bars set provider = 'pystock' where ticker = 'OLD'")
    assert build(tested) == set()


def test_what_breaks_in_old_rows_is_found_by_reading_them_all(tested: House) -> None:
    broken = {"fct_daily_bars_provider_is_known"}
    tested.rows(f"{SILENTLY} update marts.fct_daily_bars set provider = 'nobody' where ticker = 'OLD'")
    assert build(tested) == set()
    assert failures(tested, "test", "--select", "fct_daily_bars_provider_is_known") == broken
    tested.rows(f"{SILENTLY} update marts.fct_daily_bars set provider = 'pystock' where ticker = 'OLD'")
    assert failures(tested, "test", "--select", "fct_daily_bars_provider_is_known") == set()


def test_a_table_that_is_built_anew_is_read_whole(tested: House) -> None:
    tested.dbt.must("build", "--quiet", "--full-refresh", "--select", "fct_daily_bars")
    assert "untested." not in compiled(tested, "fct_daily_bars_provider_is_known")
    assert build(tested) == set()
    assert "untested.fct_daily_bars" in compiled(tested, "fct_daily_bars_provider_is_known")


def test_a_staged_row_is_read_with_its_load(tested: House) -> None:
    name, chosen = "stg_ops__quarantined_rows_reason_is_not_empty", ("build", "--select", "int_loads__finished")
    (known,) = rawdata.records().rows["requests"][:1]
    unread = {"source": "rss", "entity": "entries", "reason": " "}

    def load(load_id: str) -> rawdata.Load:
        return rawdata.Load("ops", load_id).add("quarantine", "unread", known["_received_at"], [unread])

    tested.load([load(str(known["_dlt_load_id"]))], finish=False)
    assert failures(tested, *chosen) == set()
    assert "load_id" in compiled(tested, name)
    assert failures(tested, "test", "--select", name) == {name}
    tested.load([load("900.2")])
    for _ in range(2):
        assert failures(tested, *chosen) == {name}
    tested.rows("delete from raw_ops.quarantine where _response_id = 'unread'")
    assert failures(tested, *chosen) == set()


def test_what_an_index_or_a_constraint_holds_is_not_read(tested: House) -> None:
    assert build(tested) == set()
    assert "held by marts.fct_daily_bars" in compiled(tested, "fct_daily_bars_has_no_two_rows_alike")
    assert "held by not null" in compiled(tested, "fct_daily_bars_security_key_is_never_null")


def test_without_its_index_a_table_is_read_whole_for_duplicates(tested: House) -> None:
    (key,) = tested.rows(
        "select conname from pg_constraint where conrelid = 'marts.fct_daily_bars'::regclass and contype = 'p'"
    )[0]
    tested.rows(f"alter table marts.fct_daily_bars drop constraint {key}")
    tested.rows(f"{SILENTLY} insert into marts.fct_daily_bars select * from marts.fct_daily_bars where ticker = 'OLD'")
    assert build(tested) == {"fct_daily_bars_has_no_two_rows_alike"}


def test_a_view_of_rows_is_read_where_they_were_written(tested: House) -> None:
    name = "int_articles__collected_copy_key_is_unique"
    assert build(tested, name) == set()
    assert "held by untested.int_articles__versioned, which is empty" in compiled(tested, name).replace('"', "")
    tested.rows(
        "insert into intermediate.int_articles__versioned "
        "select (json_populate_record(v, '{\"version_number\": 99}')).* from intermediate.int_articles__versioned as v "
        "where known_to is null order by copy_key limit 1"
    )
    assert build(tested, name) == {name}
    tested.rows("delete from intermediate.int_articles__versioned where version_number = 99")
    assert build(tested, name) == set()


def test_an_article_that_is_lost_after_it_was_told_is_missed(tested: House) -> None:
    name = "every_received_article_is_told_or_quarantined"
    assert build(tested, name) == set()
    assert "untested.int_loads__processed" in compiled(tested, name).replace('"', "")
    tested.rows(
        "delete from intermediate.int_articles__grouped "
        "where copy_key = (select min(copy_key) from intermediate.int_articles__grouped)"
    )
    assert build(tested, name) == {name}
