"""What a build leaves alone, since it stands as it should, and what it sets right, since it does not."""

from collections.abc import Iterator

import pytest

from tests.dbt import rawdata
from tests.dbt.conftest import House

STAGED, VIEWS = "stg_polygon__bars", "config.materialized:view"
OF_TRANSFORMER = "set role marketloom_transformer;"


@pytest.fixture(scope="module")
def standing(house: House) -> House:
    """Everything loaded and built, but not tested."""
    house.load(rawdata.everything())
    house.dbt.must("build", "--quiet", "--exclude-resource-type", "unit_test", "test")
    return house


@pytest.fixture
def mended(standing: House) -> Iterator[House]:
    """The house, with `fct_daily_bars` as it should be when the test is over."""
    yield standing
    standing.dbt.must("run", "--quiet", "--full-refresh", "--select", "fct_daily_bars")


def views(house: House) -> dict[str, int]:
    """Each view of the layers, with what the database knows it by."""
    found = house.rows(
        "select relname, oid::bigint from pg_class where relkind = 'v' "
        "and relnamespace::regnamespace::text in ('staging', 'intermediate', 'marts', 'quarantine')"
    )
    return dict(found)


def build(house: House, *models: str) -> None:
    house.dbt.must("run", "--quiet", "--select", *models)


def test_a_view_that_is_as_it_should_be_is_left_alone(standing: House) -> None:
    before = views(standing)
    build(standing, VIEWS)
    assert len(before) > 20 and views(standing) == before
    results = standing.dbt.artifact("run_results")["results"]
    messages = {result["message"] for result in results if result["unique_id"].startswith("model.")}
    assert messages == {"stands"}


def test_views_are_compared_before_any_table_under_them_is_made_anew(standing: House) -> None:
    told = standing.dbt.must("run", "--quiet", "--select", "int_loads__finished", VIEWS)
    assert told.count("md5(pg_get_viewdef(view_class.oid))") == 1
    assert told.index("md5(pg_get_viewdef(view_class.oid))") < told.index("Began running node model.")


def test_a_full_refresh_makes_every_view_anew(standing: House) -> None:
    before = views(standing)
    standing.dbt.must("run", "--quiet", "--full-refresh", "--select", VIEWS)
    after = views(standing)
    assert set(after) == set(before) and not set(after.values()) & set(before.values())


def test_a_view_that_was_dropped_comes_back_with_all_that_stood_on_it(standing: House) -> None:
    before = views(standing)
    standing.rows(f"drop view staging.{STAGED} cascade")
    assert len(views(standing)) < len(before) - 1
    build(standing, VIEWS)
    after = views(standing)
    assert set(after) == set(before) and after["stg_pystock__prices"] == before["stg_pystock__prices"]
    assert standing.rows(f"select obj_description('staging.{STAGED}'::regclass)")[0][0].startswith("One row per ")


def test_views_on_a_table_that_is_made_anew_are_made_anew(standing: House) -> None:
    before = views(standing)
    standing.dbt.must("run", "--quiet", "--full-refresh", "--select", "int_bars__tracked")
    assert "int_bars__numbered" not in views(standing)
    build(standing, "int_bars__numbered")
    assert set(views(standing)) == set(before)


def test_a_view_changed_by_hand_is_made_anew(standing: House) -> None:
    counted = f"select count(*) from staging.{STAGED}"
    expected = standing.rows(counted)
    (definition,) = standing.rows(f"select rtrim(pg_get_viewdef('staging.{STAGED}'::regclass), ';')")[0]
    standing.rows(
        f"{OF_TRANSFORMER} create or replace view staging.{STAGED} as select * from ({definition}) where false"
    )
    assert standing.rows(counted) == [(0,)]
    build(standing, f"{STAGED}+,{VIEWS}")
    assert standing.rows(counted) == expected


def test_a_view_made_from_other_sql_is_made_anew(standing: House) -> None:
    before = views(standing)[STAGED]
    noted = (
        f"select description from pg_description where objoid = (select oid from pg_rewrite where ev_class = {before})"
    )
    (note,) = standing.rows(noted)[0]
    standing.rows(f"comment on rule \"_RETURN\" on staging.{STAGED} is '{'0' * 32} {note.split()[1]}'")
    build(standing, f"{STAGED}+,{VIEWS}")
    assert views(standing)[STAGED] != before


def test_comments_that_are_as_they_should_be_are_not_written_again(standing: House) -> None:
    written = "select xmin::text from pg_description where objoid = 'marts.fct_daily_bars'::regclass order by objsubid"
    before = standing.rows(written)
    build(standing, "fct_daily_bars")
    assert before and standing.rows(written) == before


def test_a_comment_changed_by_hand_is_set_right(standing: House) -> None:
    column = "select col_description('marts.fct_daily_bars'::regclass, attnum) from pg_attribute "
    column += "where attrelid = 'marts.fct_daily_bars'::regclass and attname = 'ticker'"
    before = standing.rows(column)
    standing.rows("comment on column marts.fct_daily_bars.ticker is 'something'")
    build(standing, "fct_daily_bars")
    assert standing.rows(column) == before


@pytest.mark.parametrize(
    "change",
    [
        "revoke select on marts.fct_daily_bars from marketloom_analyst",
        "grant insert on marts.fct_daily_bars to marketloom_analyst",
    ],
)
def test_grants_changed_by_hand_are_set_right(standing: House, change: str) -> None:
    granted = (
        "select acl::text from pg_class, unnest(relacl) as acl where oid = 'marts.fct_daily_bars'::regclass order by 1"
    )
    before = standing.rows(granted)
    standing.rows(OF_TRANSFORMER + change)
    assert standing.rows(granted) != before
    build(standing, "fct_daily_bars")
    assert standing.rows(granted) == before


@pytest.mark.parametrize(
    "change",
    [
        "add column stray integer",
        "rename column volume to stray",
        "alter column volume type numeric",
    ],
)
def test_a_table_of_other_columns_is_not_added_to(mended: House, change: str) -> None:
    mended.rows(f"alter table marts.fct_daily_bars {change}")
    done = mended.dbt.run("run", "--select", "fct_daily_bars")
    assert done.returncode == 1 and "out of sync" in done.stdout


def test_a_ledger_of_an_earlier_version_is_forgotten_by_a_full_refresh(standing: House) -> None:
    ledgers = [
        node["name"]
        for node in standing.dbt.artifact("manifest")["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["full_refresh"] is False
    ]
    kinds = (
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema = 'intermediate' and table_name = any(array['" + "', '".join(ledgers) + "']) order by 1, 2"
    )
    as_it_should_be = standing.rows(kinds)
    followed = standing.rows("select * from intermediate.int_changes__followed order by 1, 2")
    standing.rows("alter table intermediate.int_bars__touched alter security_key type text")
    standing.dbt.must("run", "--full-refresh", "--select", "int_bars__touched", "int_changes__followed")
    assert standing.rows(kinds) == as_it_should_be
    # The others stay as they are.
    assert standing.rows("select * from intermediate.int_changes__followed order by 1, 2") == followed != []
