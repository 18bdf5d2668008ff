"""What tests share: one real PostgreSQL for the session, and an empty warehouse of its own for each test."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg2
import pytest

from ingestion import config, runner
from ingestion.config import Settings
from ingestion.warehouse import server as warehouse
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
    """No setting of the person who runs the tests reaches them."""
    with pytest.MonkeyPatch.context() as patch:
        for name in PERSONAL:
            patch.delenv(name, raising=False)
        patch.setenv("MARKETLOOM_TARGET", "live")
        # As `config.load` does before dlt is first used; dlt would ask Airflow's database for each of its settings.
        patch.setenv("PROVIDERS__ENABLE_AIRFLOW_SECRETS", "false")
        patch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
        patch.setenv("DLT_PROJECT_DIR", str(ROOT))
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The socket folder of an embedded PostgreSQL that lives as long as the test session."""
    home = Path(tempfile.mkdtemp(prefix="loom-"))
    settings = Settings(root=ROOT, home=home, target="live")
    warehouse.up(settings)
    socket = settings.socket_folder
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setenv("PGHOST", str(socket))
        patch.setenv("PGUSER", "postgres")
        patch.setenv("PGDATABASE", TEMPLATE)
        runner.prepare(Settings(root=ROOT, home=home / "state", target="live"))
    yield socket
    warehouse.down(settings)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def settings(server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings for a prepared, empty warehouse and a state folder of the test's own, on the target live."""
    database = f"test_{os.getpid()}_{next(numbers)}"
    _execute(server, f"create database {database} template {TEMPLATE}")
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PGHOST", str(server))
    monkeypatch.setenv("PGUSER", "postgres")
    monkeypatch.setenv("PGDATABASE", database)
    monkeypatch.setenv("MARKETLOOM_HOME", str(tmp_path / "home"))
    yield config.load("live")
    _execute(server, f"drop database {database} with (force)")


def _execute(server: Path, statement: str) -> None:
    connection = psycopg2.connect(host=str(server), user="postgres", dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()
