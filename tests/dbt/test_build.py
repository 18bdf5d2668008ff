"""One `dbt build` on small data, and its results: marts, rights, comments, quarantine, documentation."""

import re
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from tests.dbt import rawdata
from tests.dbt.conftest import MARTS, Warehouse
from tests.shared import ROOT

LAYERS = ("staging", "intermediate", "marts", "quarantine")


@pytest.fixture(scope="module")
def built(warehouse: Warehouse) -> Warehouse:
    """The warehouse with everything loaded and built."""
    warehouse.load(rawdata.everything())
    output = warehouse.dbt.must("build")
    assert "WARN=0 ERROR=0 SKIP=0" in output
    return warehouse


def test_a_second_build_changes_nothing(built: Warehouse) -> None:
    before = built.checksums()
    assert "WARN=0 ERROR=0 SKIP=0" in built.dbt.must("build", "--exclude-resource-type", "unit_test")
    assert built.checksums() == before


def test_marts_hold_what_the_raw_data_says(built: Warehouse) -> None:
    bars = {name: built.rows(f"select count(*) from marts.{name}")[0][0] for name in MARTS}
    # 40 securities, 30 sessions, one halt; one security of the archives only, five sessions.
    assert bars["fct_daily_bars"] == 40 * 30 - 1 + 5
    assert bars["mart_stock_days"] == bars["fct_daily_bars"]
    assert bars["dim_securities"] == 41
    assert bars["fct_articles"] == 4
    assert bars["fct_ingestion_requests"] == 30
    assert bars["fct_ingestion_loads"] == len(rawdata.everything())


def test_restated_repeated_and_broken_bars(built: Warehouse) -> None:
    day = rawdata.sessions()[1]
    found = built.rows(
        "select ticker, close_price, provider, provider_count, version_count, is_suspect "
        f"from marts.fct_daily_bars where trading_date = '{day}' "
        "and ticker in ('AV', 'AW', 'AX', 'AY', 'OLD') order by 1"
    )
    assert found == [
        ("AV", 10.75, "polygon", 3, 1, False),
        ("AW", 16.75, "polygon", 2, 2, False),
        ("AX", 19.75, "polygon", 2, 2, False),
        # Polygon's newest version is broken, so the next provider's is chosen.
        ("AY", 13.76, "alpha_vantage", 3, 1, False),
        ("OLD", 50.77, "pystock", 1, 1, False),
    ]
    assert built.rows("select ticker, provider, reason from quarantine.suspect_bars") == [
        ("AY", "polygon", "low above high")
    ]


def test_one_story_of_four_copies(built: Warehouse) -> None:
    found = built.rows(
        "select title, outlet, source, copy_count, provider_count, mention_count, session_date "
        "from marts.fct_articles where copy_count > 1"
    )
    assert found == [("AV Inc. beats estimates", "Daily News", "polygon", 3, 3, 2, rawdata.sessions()[3])]
    mentions = built.rows(
        "select b.ticker, b.sentiment_score, is_from_provider, is_from_cashtag from marts.bridge_article_securities b "
        "join marts.fct_articles using (article_key) where copy_count > 1 or title like 'Saturday%' order by 1"
    )
    assert mentions == [("AV", 0.5, True, False), ("AW", -1.0, True, False), ("BV", None, False, True)]
    assert built.rows("select title, rejection_reason from quarantine.quarantined_articles") == [
        ("No time at all", "time of publication missing")
    ]


def test_news_of_a_weekend_counts_for_monday(built: Warehouse) -> None:
    found = built.rows(
        "select trading_date::text, article_count from marts.mart_stock_days where ticker = 'BV' and article_count > 0"
    )
    assert found == [("2024-01-08", 2)]


def test_relations_are_in_the_four_layers_and_belong_to_the_transformer(built: Warehouse) -> None:
    found = built.rows(
        "select distinct schemaname, tableowner from pg_tables where schemaname !~ '^(pg_|information|raw_)' "
        "union select distinct schemaname, viewowner from pg_views where schemaname !~ '^(pg_|information|raw_)'"
    )
    assert sorted(found) == sorted((layer, "marketloom_transformer") for layer in LAYERS)


def test_another_target_gets_schemas_of_its_own(built: Warehouse, tmp_path: Path) -> None:
    profiles = (built.dbt.folder / "profiles.yml").read_text()
    (tmp_path / "profiles.yml").write_text(profiles + "    ci:\n      <<: *warehouse\n      schema: ci\n")
    listed = built.dbt.must(
        *("ls", "--target", "ci", "--profiles-dir", str(tmp_path), "--target-path", str(tmp_path / "target")),
        *("--resource-type", "model", "--output", "json", "--output-keys", "schema"),
    )
    assert set(re.findall(r'"schema": "(\w+)"', listed)) == {f"ci_{layer}" for layer in LAYERS}


def test_postgres_holds_unique_keys_and_descriptions(built: Warehouse) -> None:
    # A mart that is a view has the key of the table below it, and data tests of its key.
    nodes = built.dbt.artifact("manifest")["nodes"].values()
    merged = {
        n["name"] for n in nodes if n["resource_type"] == "model" and n["config"]["incremental_strategy"] == "merge"
    }
    tables = built.rows(
        "select relname, bool_or(coalesce(indisunique, false)) "
        "from pg_class left join pg_index on indrelid = pg_class.oid "
        "where relkind = 'r' and relnamespace::regnamespace::text in ('intermediate', 'marts') group by 1 order by 1"
    )
    assert len(merged) > 10
    assert [name for name, is_unique in tables if name in {*merged, *MARTS} and not is_unique] == []
    # The quarantine also holds a table of each data test, which dbt creates with its own columns.
    undescribed = built.rows(
        "select attrelid::regclass::text, attname from pg_attribute join pg_class on pg_class.oid = attrelid "
        "where (relnamespace::regnamespace::text in ('staging', 'intermediate', 'marts') "
        "or relname in ('quarantined_articles', 'suspect_bars')) "
        "and relkind in ('r', 'v') and attnum > 0 and not attisdropped and col_description(attrelid, attnum) is null"
    )
    assert undescribed == []


def test_each_mart_has_data_tests_of_its_key(built: Warehouse) -> None:
    tests = [node for node in built.dbt.artifact("manifest")["nodes"].values() if node["resource_type"] == "test"]
    for mart in MARTS:
        of_mart = [t for t in tests if t.get("attached_node") == f"model.marketloom.{mart}"]
        own = [t["test_metadata"] for t in of_mart if "test_metadata" in t]
        keys = [t["kwargs"].get("combination_of_columns") or [t["kwargs"]["column_name"]] for t in own if is_unique(t)]
        filled = {t["kwargs"]["column_name"] for t in own if t["name"] == "not_null"}
        filled |= constrained(built, mart)
        assert any(set(key) <= filled for key in keys), mart


def is_unique(metadata: dict[str, Any]) -> bool:
    return metadata["name"] in ("unique", "unique_combination_of_columns")


def constrained(warehouse: Warehouse, mart: str) -> set[str]:
    """The columns that PostgreSQL itself keeps from being null."""
    rows = warehouse.rows(
        f"select attname from pg_attribute where attrelid = 'marts.{mart}'::regclass and attnum > 0 and attnotnull"
    )
    return {name for (name,) in rows}


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_reads_each_step_once(built: Warehouse, mart: str) -> None:
    # PostgreSQL computes a CTE that is read twice for all keys, also in a query about one.
    plan = built.rows(f"explain select * from marts.{mart}")
    assert not any("CTE Scan" in line for (line,) in plan)


def test_the_analyst_reads_every_mart(built: Warehouse) -> None:
    for mart in MARTS:
        assert built.rows(f"select count(*) from marts.{mart}", role="marketloom_analyst")


def test_the_analyst_reads_nothing_else(built: Warehouse) -> None:
    others = built.rows(
        "select oid::regclass::text from pg_class where relkind in ('r', 'v') "
        "and relnamespace::regnamespace::text ~ '^(raw_|staging|intermediate|quarantine)'"
    )
    assert len(others) > 50
    for (name,) in others:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            built.rows(f"select 1 from {name}", role="marketloom_analyst")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from marts.dim_securities",
        "update marts.dim_securities set ticker = 'X'",
        "insert into marts.dim_securities (security_key) values (1)",
        "truncate marts.dim_securities",
        "drop table marts.dim_securities",
        "create table marts.mine (x int)",
        "create table public.mine (x int)",
        "create table staging.mine (x int)",
        "create table quarantine.mine (x int)",
        "create table raw_polygon.mine (x int)",
        "create schema mine",
        "create temporary table mine (x int)",
    ],
)
def test_the_analyst_writes_nowhere(built: Warehouse, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        built.rows(statement, role="marketloom_analyst")


def test_the_analyst_may_only_select_from_marts(built: Warehouse) -> None:
    granted = built.rows(
        "select table_name, privilege_type from information_schema.role_table_grants "
        "where grantee = 'marketloom_analyst' and table_schema = 'marts' order by 1"
    )
    assert granted == [(mart, "SELECT") for mart in sorted(MARTS)]


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "dbt_project" / "analyses").glob("*.sql")))
def test_an_example_query_gives_rows_to_the_analyst(built: Warehouse, name: str) -> None:
    compiled = built.dbt.folder / "target" / "compiled" / "marketloom" / "dbt_project" / "analyses" / f"{name}.sql"
    if not compiled.exists():
        built.dbt.must("compile", "--select", "resource_type:analysis")
    assert built.rows(compiled.read_text(), role="marketloom_analyst")


def test_there_are_ten_example_queries_at_least() -> None:
    assert len(list((ROOT / "dbt_project" / "analyses").glob("*.sql"))) >= 10


def test_everything_is_described(built: Warehouse) -> None:
    manifest = built.dbt.artifact("manifest")
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed", "analysis")]
    nodes += [*manifest["sources"].values(), *manifest["exposures"].values(), *manifest["functions"].values()]
    assert [n["unique_id"] for n in nodes if not n["description"].strip()] == []
    documented = {
        (n["schema"], n["name"], column["name"]): column["description"] and column["data_type"]
        for n in nodes
        if "columns" in n and n["resource_type"] not in ("analysis", "function")
        for column in n["columns"].values()
    }
    assert [key for key, text in documented.items() if not text] == []
    columns = built.rows(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema in ('staging', 'intermediate', 'marts') "
        "or table_name in ('quarantined_articles', 'suspect_bars')"
    )
    assert [column for column in columns if column not in documented] == []


def test_every_model_opens_with_its_grain_and_has_its_own_yaml(built: Warehouse) -> None:
    manifest = built.dbt.artifact("manifest")
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            assert node["description"].startswith("One row per "), node["name"]
            assert Path(node["patch_path"].split("://")[1]).stem == node["name"]


def test_the_tables_of_singular_tests_are_empty_where_no_test_fails(built: Warehouse) -> None:
    found = built.rows("select relname from pg_class where relnamespace = 'quarantine'::regnamespace and relkind = 'r'")
    tables = {name for (name,) in found} - {"quarantined_articles", "suspect_bars"}
    assert tables == {path.stem for path in (ROOT / "dbt_project" / "tests" / "singular").glob("*.sql")}
    assert built.rows(" union all ".join(f"select '{name}' from quarantine.{name}" for name in tables)) == []


def test_the_recent_test_scope_passes_on_a_day_without_new_rows(built: Warehouse) -> None:
    tables = built.rows(
        "select attrelid::regclass::text from pg_attribute join pg_class on pg_class.oid = attrelid "
        "where attname = '_updated_at' and relkind = 'r'"
    )
    assert len(tables) > 10
    # With a split, so that there are factors other than 1.
    built.load([rawdata.renamed()])
    built.run()
    built.rows("; ".join(f"update {name} set _updated_at = _updated_at - interval '2 days'" for (name,) in tables))
    built.dbt.must("test", "--exclude-resource-type", "unit_test", "--vars", "test_scope: recent")


def test_a_corrected_calendar_day_is_followed_by_the_next_run(built: Warehouse) -> None:
    day, following = rawdata.sessions()[3:5]
    number = f"select session_number from intermediate.int_market_returns__averaged where trading_date = '{following}'"
    ((before,),) = built.rows(number)
    (known,) = (row for row in rawdata.calendar().rows["days"] if row["date"] == day)
    closed = {**known, "is_session": False, "open_at": None, "close_at": None}
    built.load([rawdata.Load("calendar", "100.2").add("days", "calendar-2", rawdata.at(day, 9), [closed])])
    built.run()
    assert built.rows(number) == [(before - 1,)]
    found = built.checksums()
    built.run("--full-refresh")
    assert built.checksums() == found


def test_rows_that_break_a_singular_test_are_kept(built: Warehouse) -> None:
    day = rawdata.FIRST.replace(year=2020)
    stray = rawdata.Load("polygon", "900.1").add(
        "bars", "stray", rawdata.at(day, 22), [{"ticker": "AV", "date": day, **rawdata.bar(0, 0)}]
    )
    built.load([stray])
    # The adjusted bars are not built, so the stray bar breaks a second test.
    built.run("--select", "+fct_daily_bars")
    generic = "relationships_fct_daily_bars_trading_date__trading_date__ref_dim_sessions_"
    singular = "every_daily_bar_has_an_adjusted_bar"
    done = built.dbt.run("test", "--select", generic, singular)
    assert done.returncode == 1
    assert f"Failure in test {generic}" in done.stdout
    assert f"Failure in test {singular}" in done.stdout
    assert built.rows(f"select ticker, trading_date from quarantine.{singular}") == [("AV", day)]
    # Rows that break a generic test are kept when asked for, in a table that dbt names.
    kept = built.dbt.run("test", "--store-failures", "--select", generic)
    (query,) = re.findall(r"select \* from \S*quarantine\S+", kept.stdout)
    assert len(built.rows(query)) == 1
