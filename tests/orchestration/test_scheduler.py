"""The DAG under a real scheduler: to success against the simulated market, and through failures.

One Airflow runs all of them at once; each test waits for its run.
"""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from orchestration.local import LocalAirflow
from tests.orchestration.api import Run, trigger
from tests.orchestration.standin import StandIn, stand_in
from tests.shared import ROOT
from tests.warehouse import discard

MARKETLOOM = ROOT / ".venv" / "bin" / "marketloom"
INGEST = ["ingest.alpha_vantage", "ingest.calendar", "ingest.polygon", "ingest.rss"]
TASKS = ["health", *INGEST, "freshness", "build", "docs", "summary", "all_succeeded"]
CANARY = "canary-7d1f0c"
# A cluster policy adapts the DAGs to the tests: one DAG retries, at once; the others do not.
POLICY = """
from datetime import timedelta

def task_policy(task):
    task.retry_delay = timedelta(0)
    if task.dag_id != "source_fails":
        task.retries = 0
"""


BUILD = "dbt build --exclude-resource-type unit_test --vars test_scope: recent"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("orchestration")


@pytest.fixture(scope="module")
def market(folder: Path) -> Iterator[None]:
    """An embedded warehouse and a simulated market, and the variables that point tasks to them."""
    (folder / "profiles").mkdir()
    shutil.copy(ROOT / "profiles.yml.example", folder / "profiles" / "profiles.yml")
    port = free_port()
    variables = {
        "MARKETLOOM_TARGET": "sandbox",
        "MARKETLOOM_HOME": str(folder / "home"),
        "MARKETLOOM_SANDBOX_URL": f"http://127.0.0.1:{port}",
        "PGHOST": str(folder / "home" / "warehouse"),
        "DBT_PROFILES_DIR": str(folder / "profiles"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "SOURCES__POLYGON__API_KEY": CANARY,
    }
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name, value in variables.items():
            patch.setenv(name, value)
        sandbox = stack.enter_context(subprocess.Popen([MARKETLOOM, "sandbox", "--port", str(port)], cwd=ROOT))
        stack.callback(sandbox.terminate)
        stack.callback(lambda: discard(folder / "home"))
        subprocess.run([MARKETLOOM, "up"], cwd=ROOT, check=True)
        wait_for_port(port, sandbox)
        yield


@pytest.fixture(scope="module")
def source_fails(folder: Path) -> StandIn:
    return stand_in(folder / "a", "source_fails", "marketloom ingest polygon", "dbt source freshness")


@pytest.fixture(scope="module")
def warehouse_is_down(folder: Path) -> StandIn:
    return stand_in(folder / "b", "warehouse_is_down", "marketloom status")


@pytest.fixture(scope="module")
def build_fails(folder: Path) -> StandIn:
    return stand_in(
        folder / "c", "build_fails", "dbt build --exclude-resource-type unit_test --vars test_scope: recent"
    )


@pytest.fixture(scope="module")
def airflow(
    folder: Path,
    market: None,
    source_fails: StandIn,
    warehouse_is_down: StandIn,
    build_fails: StandIn,
) -> Iterator[LocalAirflow]:
    home = folder / "airflow"
    (home / "config").mkdir(parents=True)
    (home / "config" / "airflow_local_settings.py").write_text(POLICY)
    folders = {"market_elt": ROOT / "orchestration" / "dags"}
    folders |= {project.dag_id: project.dags for project in (source_fails, warehouse_is_down, build_fails)}
    kind = "airflow.dag_processing.bundles.local.LocalDagBundle"
    bundles = [{"name": name, "classpath": kind, "kwargs": {"path": str(path)}} for name, path in folders.items()]
    variables = {
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    }
    with LocalAirflow(home, free_port(), variables) as running:
        yield running
        family = running.processes()
    assert [process for process in family if process.is_running()] == []


@pytest.fixture(scope="module")
def runs(airflow: LocalAirflow) -> Mapping[str, Run]:
    names = ("market_elt", "source_fails", "warehouse_is_down", "build_fails")
    return {name: trigger(airflow, name) for name in names}


def test_a_failed_source_stops_neither_the_others_nor_the_build(runs: Mapping[str, Run], source_fails: StandIn) -> None:
    run = runs["source_fails"]
    assert run.state(timeout=120) == "failed", run.report()
    assert run.tasks() == {
        **dict.fromkeys(TASKS, "success"),
        "ingest.polygon": "failed",
        "freshness": "failed",
        "all_succeeded": "upstream_failed",
    }
    tries = ["marketloom ingest polygon"] * 4 + ["dbt source freshness"] * 4
    once = ["marketloom ingest calendar", "marketloom ingest alpha_vantage", "marketloom ingest rss"]
    once += [
        "marketloom status",
        BUILD,
        "dbt docs generate",
        "marketloom summary",
    ]
    assert source_fails.calls() == sorted([*tries, *once])


def test_without_a_warehouse_nothing_else_is_tried(runs: Mapping[str, Run], warehouse_is_down: StandIn) -> None:
    run = runs["warehouse_is_down"]
    assert run.state(timeout=120) == "failed", run.report()
    assert run.tasks() == {**dict.fromkeys(TASKS, "upstream_failed"), "health": "failed"}
    assert warehouse_is_down.calls() == ["marketloom status"]


def test_a_failed_build_is_summed_up_and_seen(runs: Mapping[str, Run]) -> None:
    run = runs["build_fails"]
    assert run.state(timeout=120) == "failed", run.report()
    unhappy = {"build": "failed", "docs": "upstream_failed", "all_succeeded": "upstream_failed"}
    assert run.tasks() == {**dict.fromkeys(TASKS, "success"), **unhappy}


def test_the_whole_day_runs_to_success(runs: Mapping[str, Run]) -> None:
    run = runs["market_elt"]
    assert run.state(timeout=300) == "success", run.report()
    assert run.tasks() == dict.fromkeys(TASKS, "success")


def test_no_secret_is_written_anywhere(runs: Mapping[str, Run], airflow: LocalAirflow) -> None:
    assert runs["market_elt"].logs()
    files = [file for file in airflow.home.rglob("*") if file.is_file()]
    assert [file for file in files if CANARY.encode() in file.read_bytes()] == []


def test_it_listens_on_this_machine_only(airflow: LocalAirflow) -> None:
    connections = [found for process in airflow.processes() for found in process.net_connections("inet")]
    listening = [found.laddr.ip for found in connections if found.status == psutil.CONN_LISTEN]
    assert set(listening) == {"127.0.0.1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for_port(port: int, server: subprocess.Popen[bytes], timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while True:
        assert server.poll() is None, "the sandbox ended"
        assert time.monotonic() < deadline, "the sandbox does not answer"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
