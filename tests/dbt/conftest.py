"""A warehouse for the dbt tests, and dbt itself, run as a user runs it."""

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from dbt.cli.main import dbtRunner
from psycopg2.extensions import connection as Connection

from tests.conftest import TEMPLATE
from tests.dbt.rawdata import Load
from tests.shared import ROOT

MARTS = [
    "bridge_article_securities",
    "dim_securities",
    "dim_security_versions",
    "dim_sessions",
    "fct_article_reactions",
    "fct_article_mention_versions",
    "fct_article_versions",
    "fct_articles",
    "fct_corporate_actions",
    "fct_daily_bar_versions",
    "fct_daily_bars",
    "fct_daily_bars_adjusted",
    "fct_daily_indicators",
    "fct_ingestion_loads",
    "fct_ingestion_requests",
    "mart_restatements",
    "mart_stock_days",
]

# Views of raw rows: they need no second build.
RAW_VIEWS = ("path:dbt_project/models/staging", "int_bars__unioned", "int_articles__unioned")


@dataclass(frozen=True)
class Done:
    """The result of a dbt command: its exit status and its output."""

    returncode: int
    stdout: str


def _message(event: Any) -> list[str]:
    """The text of an event; none for debug events, which are most and long."""
    return [] if event.info.level == "debug" else [str(event.info.msg)]


@dataclass(frozen=True)
class Dbt:
    """The dbt command on one database, in this process. Its artifacts stay in `folder` for later runs."""

    server: Path
    database: str
    folder: Path

    def run(self, *arguments: str) -> Done:
        """Run dbt with every warning and deprecation made an error."""
        messages: list[str] = []
        environment = {
            "PGHOST": str(self.server),
            "PGUSER": "postgres",
            "PGDATABASE": self.database,
            "MARKETLOOM_TARGET": "live",
            "PWD": str(ROOT),
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DBT_LOG_LEVEL_FILE": "none",
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            for name, value in environment.items():
                patch.setenv(name, value)
            program = dbtRunner(callbacks=[lambda event: messages.extend(_message(event))])
            done = program.invoke(["--no-use-colors", "--warn-error", "--show-all-deprecations", *arguments])
        output = "\n".join([*messages, str(done.exception or "")])
        return Done(returncode=0 if done.success else 1, stdout=output)

    def must(self, *arguments: str) -> str:
        """Run dbt and fail the test with its output if it fails."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    def artifact(self, name: str) -> dict[str, Any]:
        """One of the JSON files that dbt leaves: manifest, run_results, catalog."""
        found: dict[str, Any] = json.loads((self.folder / "target" / f"{name}.json").read_text())
        return found


@dataclass(frozen=True)
class Warehouse:
    """A prepared database with nothing in it yet, and dbt pointed at it."""

    dbt: Dbt

    def connect(self, role: str | None = None) -> Connection:
        options = f"-crole={role}" if role else ""
        connection = psycopg2.connect(
            host=str(self.dbt.server), user="postgres", dbname=self.dbt.database, options=options
        )
        connection.autocommit = True
        return connection

    def load(self, loads: Iterable[Load], *, finish: bool = True) -> None:
        connection = self.connect()
        for load in loads:
            load.write(connection, finish=finish)
        connection.close()

    def rows(self, query: str, role: str | None = None) -> list[tuple[Any, ...]]:
        """All rows of a query; none for a statement that gives none."""
        connection = self.connect(role)
        try:
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def prepare(self) -> None:
        """Build the seeds and the views of raw rows."""
        kinds = ("--exclude-resource-type", "test", "unit_test")
        self.dbt.must("build", "--quiet", "--no-write-json", "--select", *RAW_VIEWS, "resource_type:seed", *kinds)

    def run(self, *arguments: str) -> None:
        """`dbt run` of everything but the views of raw rows."""
        self.dbt.must("run", "--quiet", "--no-write-json", "--exclude", *RAW_VIEWS, *arguments)

    def reset(self) -> None:
        """Empty the raw tables (the calendar stays) and drop all models but the views of raw rows."""
        raw = self.rows(
            "select schemaname || '.' || tablename from pg_tables where schemaname like 'raw_%' "
            "and schemaname <> 'raw_calendar' and (tablename !~ '^_dlt' or tablename = '_dlt_loads')"
        )
        self.rows("truncate " + ", ".join(name for (name,) in raw))
        models = self.rows(
            "select case relkind when 'v' then 'view' else 'table' end, oid::regclass::text from pg_class "
            "where relnamespace::regnamespace::text in ('intermediate', 'marts', 'quarantine') "
            "and relkind in ('r', 'v') and relname ~ '^(int|fct|mart|dim|bridge|quarantined|suspect)_' "
            "and relname !~ '__unioned$' "
            "order by relkind desc"
        )
        drops = [f"drop {kind} if exists {name} cascade" for kind, name in models]
        self.rows("; ".join(["set client_min_messages = error", *drops]))

    @contextmanager
    def failing(self, table: str, condition: str) -> Iterator[None]:
        """A table that takes only rows of a condition."""
        self.rows(f"alter table {table} add constraint temporary check ({condition}) not valid")
        try:
            yield
        finally:
            self.rows(f"alter table {table} drop constraint temporary")

    def checksums(self, *relations: str) -> dict[str, str]:
        """A checksum per relation (by default every mart): its rows in any order, without deleted ones and without the
        columns that say when and from which load dbt wrote a row (their names begin with an underscore)."""
        names = relations or tuple(f"marts.{mart}" for mart in MARTS)
        return {name: self._checksum(name) for name in names}

    def columns(self, relation: str) -> list[str]:
        """The columns of a relation, without those that say when and from which load dbt wrote a row."""
        names = self.rows(
            "select attname from pg_attribute where attnum > 0 and not attisdropped "
            f"and attrelid = '{relation}'::regclass and attname !~ '^_' order by attnum"
        )
        return [name for (name,) in names]

    def _checksum(self, relation: str) -> str:
        names = self.columns(relation)
        columns, where = ", ".join(names), "where not is_deleted" if "is_deleted" in names else ""
        number = "('x' || substr(md5(t::text), 1, 15))::bit(60)::bigint"
        rows = f"(select {columns} from {relation} {where}) t"
        query = f"select count(*) || ' ' || coalesce(sum({number}), 0) from {rows}"
        return str(self.rows(query)[0][0])


@pytest.fixture(scope="session")
def dbt_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dbt")
    shutil.copy(ROOT / "profiles.yml.example", folder / "profiles.yml")
    return folder


@pytest.fixture(scope="module")
def warehouse(server: Path, dbt_folder: Path) -> Iterator[Warehouse]:
    """An empty warehouse for the tests of one module. It always has the same name, so that dbt parses once."""
    name = f"dbt_{os.getpid()}"
    admin = psycopg2.connect(host=str(server), user="postgres", dbname="postgres")
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"create database {name} template {TEMPLATE}")
        # A copy takes everything from its template but the rights on the database itself.
        cursor.execute(f"revoke all on database {name} from public")
        cursor.execute(f"grant connect on database {name} to marketloom_analyst, marketloom_transformer")
        cursor.execute(f"grant create, temporary on database {name} to marketloom_transformer")
    yield Warehouse(Dbt(server, name, dbt_folder))
    with admin.cursor() as cursor:
        cursor.execute(f"drop database {name} with (force)")
    admin.close()
