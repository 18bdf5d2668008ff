"""One `dbt build` on small data, and what it leaves: marts, rights, comments, quarantine, documentation."""

import re
from pathlib import Path

import psycopg2
import pytest

from tests.dbt import rawdata
from tests.dbt.conftest import MARTS, House
from tests.shared import ROOT

LAYERS = ("staging", "intermediate", "marts", "quarantine")


@pytest.fixture(scope="module")
def built(house: House) -> House:
    """The house with everything loaded and built."""
    house.load(rawdata.everything())
    output = house.dbt.must("build")
    assert "WARN=0 ERROR=0 SKIP=0" in output
    return house


def test_a_second_build_changes_nothing(built: House) -> None:
    before = built.checksums()
    assert "WARN=0 ERROR=0 SKIP=0" in built.dbt.must("build")
    assert built.checksums() == before


def test_marts_hold_what_the_raw_data_says(built: House) -> None:
    bars = {name: built.rows(f"select count(*) from marts.{name}")[0][0] for name in MARTS}
    # 40 securities, 30 sessions, one halt; one security of the archives only, five sessions.
    assert bars["fct_daily_bars"] == 40 * 30 - 1 + 5
    assert bars["mart_stock_days"] == bars["fct_daily_bars"]
    assert bars["dim_securities"] == 41
    assert bars["fct_articles"] == 4
    assert bars["fct_ingestion_requests"] == 30
    assert bars["fct_ingestion_loads"] == len(rawdata.everything())


def test_restated_repeated_and_broken_bars(built: House) -> None:
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
        # Polygon's newest version is broken, so the next provider's stands.
        ("AY", 13.76, "alpha_vantage", 3, 1, False),
        ("OLD", 50.77, "pystock", 1, 1, False),
    ]
    assert built.rows("select ticker, provider, reason from quarantine.suspect_bars") == [
        ("AY", "polygon", "low above high")
    ]


def test_one_story_of_four_copies(built: House) -> None:
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


def test_news_of_a_weekend_counts_for_monday(built: House) -> None:
    found = built.rows(
        "select trading_date::text, article_count from marts.mart_stock_days where ticker = 'BV' and article_count > 0"
    )
    assert found == [("2024-01-08", 2)]


def test_relations_stand_in_the_four_layers_and_belong_to_the_transformer(built: House) -> None:
    found = built.rows(
        "select distinct schemaname, tableowner from pg_tables where schemaname !~ '^(pg_|information|raw_)' "
        "union select distinct schemaname, viewowner from pg_views where schemaname !~ '^(pg_|information|raw_)'"
    )
    # Beside the layers: the keys of rows that were written since they were last tested.
    assert sorted(found) == sorted((layer, "marketloom_transformer") for layer in (*LAYERS, "untested"))


def test_another_target_gets_schemas_of_its_own(built: House, tmp_path: Path) -> None:
    profiles = (built.dbt.folder / "profiles.yml").read_text()
    (tmp_path / "profiles.yml").write_text(profiles + "    ci:\n      <<: *warehouse\n")
    listed = built.dbt.must(
        *("ls", "--target", "ci", "--profiles-dir", str(tmp_path), "--target-path", str(tmp_path / "target")),
        *("--resource-type", "model", "--output", "json", "--output-keys", "schema"),
    )
    assert set(re.findall(r'"schema": "(\w+)"', listed)) == {f"ci_{layer}" for layer in LAYERS}


def test_postgres_holds_keys_and_descriptions(built: House) -> None:
    keys = built.rows(
        "select conrelid::regclass::text from pg_constraint "
        "where contype = 'p' and connamespace = 'marts'::regnamespace"
    )
    held = {name for (name,) in keys}
    # A view has the key of the table whose rows it shows, each once.
    of_mentions = "select article_key, security_key from marts."
    reactions, mentions = (f"{of_mentions}{mart}" for mart in ("fct_article_reactions", "bridge_article_securities"))
    assert built.rows(f"({reactions} except all {mentions}) union all ({mentions} except all {reactions})") == []
    if "marts.bridge_article_securities" in held:
        held.add("marts.fct_article_reactions")
    assert sorted(held) == sorted(f"marts.{mart}" for mart in MARTS)
    undescribed = built.rows(
        "select attrelid::regclass::text, attname from pg_attribute join pg_class on pg_class.oid = attrelid "
        "where relnamespace::regnamespace::text in ('staging', 'intermediate', 'marts', 'quarantine') "
        "and relkind in ('r', 'v') and attnum > 0 and not attisdropped and col_description(attrelid, attnum) is null"
    )
    assert undescribed == []


def test_a_mart_that_is_a_view_is_joined_in_any_order(built: House) -> None:
    # PostgreSQL keeps a view with steps whole: joined to one security, it would be put together for all.
    views = built.rows(r"select viewname, definition ~* '^\s*with\s' from pg_views where schemaname = 'marts'")
    assert views == [("fct_article_reactions", False)]


def test_the_analyst_reads_every_mart(built: House) -> None:
    for mart in MARTS:
        assert built.rows(f"select count(*) from marts.{mart}", role="marketloom_analyst")


def test_the_analyst_reads_nothing_else(built: House) -> None:
    others = built.rows(
        "select oid::regclass::text from pg_class where relkind in ('r', 'v') "
        "and relnamespace::regnamespace::text ~ '^(raw_|staging|intermediate|quarantine|untested)'"
    )
    assert len(others) > 50
    for (name,) in others:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            built.rows(f"select 1 from {name}", role="marketloom_analyst")


@pytest.mark.parametrize(
    "statement",
    [
        "delete from marts.fct_daily_bars",
        "update marts.fct_daily_bars set volume = 0",
        "insert into marts.dim_sessions (trading_date) values ('1900-01-01')",
        "truncate marts.fct_articles",
        "drop table marts.mart_stock_days",
        "create table marts.mine (x int)",
        "create table public.mine (x int)",
        "create table staging.mine (x int)",
        "create table quarantine.mine (x int)",
        "create table raw_polygon.mine (x int)",
        "create schema mine",
        "create temporary table mine (x int)",
    ],
)
def test_the_analyst_writes_nowhere(built: House, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        built.rows(statement, role="marketloom_analyst")


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "dbt_project" / "analyses").glob("*.sql")))
def test_an_example_query_gives_rows_to_the_analyst(built: House, name: str) -> None:
    compiled = built.dbt.folder / "target" / "compiled" / "marketloom" / "dbt_project" / "analyses" / f"{name}.sql"
    if not compiled.exists():
        built.dbt.must("compile", "--select", "resource_type:analysis")
    assert built.rows(compiled.read_text(), role="marketloom_analyst")


def test_there_are_ten_example_queries_at_least() -> None:
    assert len(list((ROOT / "dbt_project" / "analyses").glob("*.sql"))) >= 10


def test_everything_is_described(built: House) -> None:
    manifest = built.dbt.artifact("manifest")
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed", "analysis")]
    nodes += [*manifest["sources"].values(), *manifest["exposures"].values()]
    assert [n["unique_id"] for n in nodes if not n["description"].strip()] == []
    documented = {
        (n["schema"], n["name"], column["name"]): column["description"] and column["data_type"]
        for n in nodes
        if "columns" in n and n["resource_type"] != "analysis"
        for column in n["columns"].values()
    }
    assert [key for key, text in documented.items() if not text] == []
    columns = built.rows(
        "select table_schema, table_name, column_name from information_schema.columns "
        "where table_schema in ('staging', 'intermediate', 'marts', 'quarantine')"
    )
    assert [column for column in columns if column not in documented] == []


def test_every_model_opens_with_its_grain_and_has_its_own_yaml(built: House) -> None:
    manifest = built.dbt.artifact("manifest")
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            assert node["description"].startswith("One row per "), node["name"]
            assert Path(node["patch_path"].split("://")[1]).stem == node["name"]


def test_no_test_table_is_left_where_all_is_well(built: House) -> None:
    found = built.rows("select relname from pg_class where relnamespace = 'quarantine'::regnamespace and relkind = 'r'")
    assert sorted(name for (name,) in found) == ["quarantined_articles", "suspect_bars"]


def test_a_corrected_calendar_says_what_to_build_anew(built: House) -> None:
    name = "sessions_keep_the_numbers_that_bars_were_tracked_by"
    day = built.rows("select max(trading_date) from intermediate.int_market_returns__averaged")[0][0]
    change = "update marts.dim_sessions set session_number = session_number {} 1 where trading_date = '{}'"
    built.rows(change.format("+", day))
    done = built.dbt.run("test", "--select", name)
    built.rows(change.format("-", day))
    assert done.returncode == 1 and f"Failure in test {name}" in done.stdout
    assert built.dbt.run("test", "--select", name).returncode == 0


def test_rows_that_break_a_test_are_kept(built: House) -> None:
    day = rawdata.FIRST.replace(year=2020)
    stray = rawdata.Load("polygon", "900.1").add(
        "bars", "stray", rawdata.at(day, 22), [{"ticker": "AV", "date": day, **rawdata.bar(0, 0)}]
    )
    built.load([stray])
    done = built.dbt.run("build", "--select", "+fct_daily_bars", "fct_daily_bars_trading_date_is_known")
    assert done.returncode == 1
    assert "Failure in test fct_daily_bars_trading_date_is_known" in done.stdout
    assert len(built.rows("select * from quarantine.fct_daily_bars_trading_date_is_known")) == 1
