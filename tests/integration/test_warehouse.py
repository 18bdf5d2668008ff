"""The warehouse: privileges, address, and how the embedded server starts, listens and stops."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion import config, runner
from ingestion.config import Settings
from ingestion.errors import ConfigurationError
from ingestion.warehouse.embedded import MEBIBYTE, tuned_for
from ingestion.warehouse.roles import ANALYST, LOADER, MODEL_SCHEMAS, TRANSFORMER
from ingestion.warehouse.server import Warehouse, WarehouseError
from tests.runs import RAW_SCHEMAS
from tests.shared import ROOT
from tests.warehouse import discard, rows, value

INSERT = "insert into raw_headlines.headlines (title, date, stock, _dlt_load_id) values ('t', now(), 's', '1')"
MAY = [
    (LOADER, INSERT),
    (LOADER, "create table raw_rss.another (a int)"),
    (LOADER, "delete from raw_ops.quarantine"),
    (TRANSFORMER, "select * from raw_polygon.bars"),
    (TRANSFORMER, "select * from raw_ops._dlt_loads"),
    *((TRANSFORMER, f"create table {schema}.made (a int)") for schema in MODEL_SCHEMAS),
    (TRANSFORMER, "create schema prefixed_staging"),
    (ANALYST, "select * from marts.granted"),
]
MAY_NOT = [
    *((LOADER, f"create table {schema}.made (a int)") for schema in (*MODEL_SCHEMAS, "public")),
    (LOADER, "select * from marts.granted"),
    (TRANSFORMER, INSERT),
    (TRANSFORMER, "truncate raw_polygon.bars"),
    (TRANSFORMER, "create table raw_polygon.made (a int)"),
    *((ANALYST, f"create table {schema}.made (a int)") for schema in (*MODEL_SCHEMAS, *RAW_SCHEMAS, "public")),
    (ANALYST, "select * from raw_polygon.bars"),
    (ANALYST, "select * from staging.hidden"),
    (ANALYST, "insert into marts.granted values (1)"),
    (ANALYST, "create temporary table made (a int)"),
    (ANALYST, "create schema made"),
]


@pytest.fixture
def homes() -> Iterator[Path]:
    """A folder with a short path, for embedded servers that are stopped afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="loom-"))
    folder.chmod(0o755)  # root's server runs as another user, who must reach its data
    yield folder
    discard(folder)


def test_each_role_may_do_its_own_work_and_no_other(settings: Settings) -> None:
    Warehouse(settings).up(RAW_SCHEMAS)  # a database copied from a template lacks its own privileges
    with Warehouse(settings).connect(role=TRANSFORMER) as connection, connection.cursor() as cursor:
        cursor.execute("create table marts.granted (a int); create table staging.hidden (a int)")
        cursor.execute(f"grant select on marts.granted to {ANALYST}")
    for role, statement in MAY:
        with Warehouse(settings).connect(role=role) as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            connection.rollback()
    for role, statement in MAY_NOT:
        with (
            pytest.raises(psycopg2.errors.InsufficientPrivilege),
            Warehouse(settings).connect(role=role) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            pytest.fail(f"{role} may {statement}")


def test_tables_made_later_can_be_read_too(settings: Settings) -> None:
    with Warehouse(settings).connect(role=LOADER) as connection, connection.cursor() as cursor:
        cursor.execute("create table raw_rss.another as select 1 as a")
    assert rows(settings, "select a from raw_rss.another", role=TRANSFORMER) == [(1,)]


def test_preparing_twice_changes_nothing(settings: Settings) -> None:
    query = (
        "select schemaname, tablename, tableowner from pg_tables where schemaname !~ '^(pg|information)' order by 1, 2"
    )
    before = rows(settings, query)
    runner.prepare(settings)
    assert rows(settings, query) == before and {owner for *_, owner in before} == {LOADER}
    indexes = rows(settings, "select tablename from pg_indexes where indexdef like '%USING brin (_dlt_load_id)%'")
    assert ("bars",) in indexes and ("requests",) in indexes


def test_psql_runs_a_statement_on_the_database_of_the_target(
    settings: Settings, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Warehouse(settings).psql(["-Atc", "select current_database()"]) == 0
    monkeypatch.setenv("PATH", "/nowhere")  # the embedded server brings its own
    assert Warehouse(settings).psql(["-Atc", "select 1 / 0"]) == 1
    told = capfd.readouterr()
    assert told.out == f"{settings.database}\n" and "division by zero" in told.err


def test_a_server_that_does_not_respond_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = replace(settings, target="sandbox")
    with pytest.raises(WarehouseError, match=r"marketloom_sandbox does not exist yet: run `marketloom up --target"):
        Warehouse(absent).status()
    with monkeypatch.context() as patch:
        patch.setenv("PGHOST", "127.0.0.1")
        patch.setenv("PGPORT", "1")
        patch.setenv("PGPASSWORD", "sesame!")
        place = Warehouse(settings)
        for ask in (place.status, lambda: place.up(RAW_SCHEMAS), lambda: place.psql([])):
            with pytest.raises(WarehouseError, match="check PGHOST, PGPORT, PGUSER and PGPASSWORD") as refused:
                ask()
            assert "sesame!" not in str(refused.value)
        assert settings.dsn(password=False) == f"postgresql://postgres@127.0.0.1:1/{settings.database}"
        with pytest.raises(WarehouseError, match="did not start"):
            Warehouse(settings).down()


def test_simulated_data_cannot_be_mixed_with_real_data(monkeypatch: pytest.MonkeyPatch) -> None:
    live, sandbox = (config.load(target) for target in ("live", "sandbox"))
    assert (live.database, sandbox.database) == ("marketloom", "marketloom_sandbox")
    assert live.landing_url != sandbox.landing_url and live.work_folder != sandbox.work_folder
    monkeypatch.setenv("PGDATABASE", "marketloom_sandbox")
    with pytest.raises(ConfigurationError, match="use --target sandbox"):
        _ = live.database
    assert sandbox.database == "marketloom_sandbox"


def test_the_embedded_server_is_private_tuned_and_holds_both_targets(homes: Path) -> None:
    live = Settings(ROOT, homes, "live")
    with pytest.raises(WarehouseError, match="start it with `marketloom up`"):
        Warehouse(live).status()
    assert Warehouse(live).down() is False
    for settings in (live, replace(live, target="sandbox"), live):
        Warehouse(settings).up(RAW_SCHEMAS)
    assert stat.S_IMODE(live.warehouse_folder.stat().st_mode) == 0o700
    assert live.socket_folder == live.warehouse_folder and Warehouse(live).status()["version"].startswith("18")
    postmaster = psutil.Process(int((live.warehouse_folder / "postmaster.pid").read_text().splitlines()[0]))
    assert postmaster.net_connections("inet") == []
    for worker in postmaster.children():
        # A process that has ended since has no connections either.
        with suppress(psutil.NoSuchProcess):
            assert worker.net_connections("inet") == []
    assert value(live, "select current_setting('listen_addresses')") == ""
    for name, wanted in tuned_for(psutil.virtual_memory().total).items():
        compare = "pg_size_bytes('{}') = pg_size_bytes('{}')" if wanted.endswith("MB") else "'{}' = '{}'"
        found = value(live, f"select current_setting('{name}')")
        assert value(live, "select " + compare.format(found, wanted.strip("'"))), name
    assert {"marketloom", "marketloom_sandbox"} <= {n for (n,) in rows(live, "select datname from pg_database")}
    with Warehouse(live).connect(role=LOADER) as connection, connection.cursor() as cursor:
        cursor.execute("create table raw_rss.kept as select 7 as a")
    assert Warehouse(live).down() is True and not Warehouse(live).is_running()
    Warehouse(live).up(RAW_SCHEMAS)
    assert value(live, "select a from raw_rss.kept") == 7


def test_a_user_who_is_no_superuser_can_make_a_warehouse_of_his_own(
    homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = Settings(ROOT, homes, "live")
    Warehouse(embedded)._start()
    with Warehouse(embedded).connect(database="postgres", autocommit=True) as connection:
        connection.cursor().execute("create role owner login createrole createdb; create role guest login")
    own = Settings(ROOT, homes / "own", "live")
    with monkeypatch.context() as patch:
        patch.setenv("PGHOST", str(embedded.socket_folder))
        patch.setenv("PGUSER", "guest")
        with pytest.raises(WarehouseError, match=r"permission denied to create role.*as a superuser"):
            Warehouse(own).up(RAW_SCHEMAS)
        patch.setenv("PGUSER", "owner")
        for _ in range(2):
            Warehouse(own).up(RAW_SCHEMAS)
        for role in (LOADER, TRANSFORMER, ANALYST):
            assert rows(own, "select session_user, current_user", role=role) == [("owner", role)]


def test_a_path_too_long_for_a_socket_has_it_elsewhere(homes: Path) -> None:
    settings = Settings(ROOT, homes / ("long" * 25) / "home", "live")
    Warehouse(settings).up(RAW_SCHEMAS)
    socket = settings.socket_folder
    assert len(os.fsencode(socket)) < 100 and socket != settings.warehouse_folder
    assert Warehouse(settings).status()["place"] == f"embedded, {socket}"
    with psycopg2.connect(settings.dsn(role=LOADER)) as connection, connection.cursor() as cursor:
        cursor.execute("select current_user")
        assert cursor.fetchone() == (LOADER,)
    connection.close()
    assert Warehouse(settings).down() is True


@given(st.integers(min_value=64 * MEBIBYTE, max_value=4 * 1024 * 1024 * MEBIBYTE))
def test_the_server_is_tuned_to_any_memory(memory: int) -> None:
    tuned = tuned_for(memory)
    sizes = {name: int(value.removesuffix("MB")) for name, value in tuned.items() if value.endswith("MB")}
    more = {n: int(v.removesuffix("MB")) for n, v in tuned_for(2 * memory).items() if v.endswith("MB")}
    assert all(sizes[name] <= more[name] for name in sizes)
    assert sizes["min_wal_size"] < sizes["max_wal_size"] and sizes["work_mem"] <= sizes["shared_buffers"]
    assert sizes["shared_buffers"] * MEBIBYTE <= max(64 * MEBIBYTE, memory // 4)
