"""For the tests of everyday commands: copies of one database under one name, so that dbt parses the project once."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from tests.dbt import rawdata
from tests.dbt.conftest import Done, Warehouse
from tests.dbt.rawdata import Load
from tests.shared import ROOT

OWN_SCHEMAS = "nspname !~ '^(pg_|information_schema|raw_|public)'"
WITHOUT_TESTS = ("--exclude-resource-type", "test", "unit_test")


def late_loads() -> list[Load]:
    """Loads after the first build: two tickers change hands, and a bar is restated."""
    day = rawdata.sessions()[20]
    row = {"ticker": "AV", "date": day, "vwap": 11.0, "transactions": 7, **rawdata.bar(0, 20, 5.0)}
    restated = Load("polygon", "200.6").add("bars", "restated-1", rawdata.at(day, 23), [row])
    return [rawdata.reused(), rawdata.renamed(), restated]


@dataclass(frozen=True)
class Copies:
    """Saved states of a warehouse's database, and dbt commands on it for any target."""

    warehouse: Warehouse

    @property
    def folder(self) -> Path:
        return self.warehouse.dbt.folder

    def save(self, state: str) -> None:
        """Keep the database as it is."""
        self._copy(self.warehouse.dbt.database, self._name(state))

    def restore(self, state: str) -> Warehouse:
        """Put the database back to what it was when `state` was saved."""
        self._copy(self._name(state), self.warehouse.dbt.database)
        return self.warehouse

    def drop(self, *states: str) -> None:
        for state in states:
            self._admin(f"drop database if exists {self._name(state)} with (force)")

    def start(self, *arguments: str, target: str = "live") -> subprocess.Popen[str]:
        """Start the dbt command as a process of its own."""
        dbt = self.warehouse.dbt
        environment = {"PATH": os.defpath, "USER": "me", "PGHOST": str(dbt.server), "PGUSER": "postgres"}
        environment |= {"PGDATABASE": dbt.database, "MARKETLOOM_TARGET": target, "DBT_PROFILES_DIR": str(self.folder)}
        environment |= {"DBT_TARGET_PATH": str(self.folder / "target"), "DBT_LOG_PATH": str(self.folder / "logs")}
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def dev(self, *arguments: str) -> Done:
        """Run dbt for the target dev, whose artifacts have a folder of their own."""
        return self.warehouse.dbt.run(*arguments, "--target", "dev", "--target-path", str(self.folder / "dev"))

    def must_dev(self, *arguments: str) -> str:
        done = self.dev(*arguments)
        assert done.returncode == 0, done.stdout[-8000:]
        return done.stdout

    def keep_manifest(self) -> str:
        """Put the manifest of the last build where `--state` finds it; return that folder."""
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        shutil.copy(self.folder / "target" / "manifest.json", state)
        return str(state)

    def relations(self, schemas: str = OWN_SCHEMAS) -> dict[str, tuple[str, int]]:
        """Each relation of some schemas, with its kind and the file that holds it: a rebuilt table has another one."""
        found = self.warehouse.rows(
            "select pg_class.oid::regclass::text, relkind, greatest(pg_class.oid::bigint, relfilenode::bigint) "
            f"from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace where {schemas}"
        )
        return {name: (kind, file) for name, kind, file in found}

    def contents(self, schemas: str) -> dict[str, str]:
        """A checksum of each table and view of some schemas."""
        kinds = {name: kind for name, (kind, _) in self.relations(schemas).items()}
        return self.warehouse.checksums(*sorted(name for name, kind in kinds.items() if kind in "rv"))

    def _name(self, state: str) -> str:
        return f"{self.warehouse.dbt.database}_{state}"

    def _copy(self, source: str, copy: str) -> None:
        self._admin(
            f"drop database if exists {copy} with (force)",
            f"create database {copy} template {source}",
            f"grant connect, create, temporary on database {copy} to marketloom_transformer",
            f"grant connect on database {copy} to marketloom_analyst",
        )

    def _admin(self, *statements: str) -> None:
        connection = psycopg2.connect(host=str(self.warehouse.dbt.server), user="postgres", dbname="postgres")
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        connection.close()
