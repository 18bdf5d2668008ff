"""Fixtures of all tests: one PostgreSQL server per session, and an empty warehouse for each test."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg2
import pytest

from ingestion import config, runner
from ingestion.config import Settings
from ingestion.warehouse.server import Warehouse
from tests.shared import ROOT

# No test depends on the speed of the machine, and CI tries the same examples each time.
hypothesis.settings.register_profile(
    "marketloom",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("marketloom")

TEMPLATE = "marketloom_template"
PERSONAL = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "MARKETLOOM_HOME", "MARKETLOOM_SANDBOX_URL")
numbers = itertools.count()


@pytest.fixture(scope="session", autouse=True)
def environment() -> Iterator[None]:
    """Settings of the user who runs the tests do not reach them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in PERSONAL:
            patch.delenv(name, raising=False)
        patch.setenv("MARKETLOOM_TARGET", "live")
        # As in `config.load`: dlt would read Airflow's database for each of its settings.
        patch.setenv("PROVIDERS__ENABLE_AIRFLOW_SECRETS", "false")
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        patch.setenv("DLT_PROJECT_DIR", str(ROOT))
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The socket folder of an embedded PostgreSQL server that runs for the test session."""
    home = Path(tempfile.mkdtemp(prefix="loom-"))
    home.chmod(0o755)  # else the data of a server that root starts would move elsewhere
    home.chmod(0o755)  # root's server runs as another user, who must reach its data
    settings = Settings(root=ROOT, home=home, target="live")
    Warehouse(settings).up(())
    socket = settings.socket_folder
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(ROOT)
            patch.setenv("PGHOST", str(socket))
            patch.setenv("PGUSER", "postgres")
            patch.setenv("PGDATABASE", TEMPLATE)
            runner.prepare(Settings(root=ROOT, home=home / "state", target="live"))
        yield socket
    finally:
        Warehouse(settings).down()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def settings(server: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings for a prepared, empty warehouse and an own state folder, on the target live."""
    with prepared(server, tmp_path) as settings:
        yield settings


@contextmanager
def prepared(server: Path, folder: Path) -> Iterator[Settings]:
    """The same for a fixture of a wider scope; the state is in `folder`."""
    database = f"test_{os.getpid()}_{next(numbers)}"
    _execute(server, f"create database {database} template {TEMPLATE}")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("PGHOST", str(server))
        patch.setenv("PGUSER", "postgres")
        patch.setenv("PGDATABASE", database)
        patch.setenv("MARKETLOOM_HOME", str(folder / "home"))
        yield config.load("live")
    _execute(server, f"drop database {database} with (force)")


def _execute(server: Path, statement: str) -> None:
    connection = psycopg2.connect(host=str(server), user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
