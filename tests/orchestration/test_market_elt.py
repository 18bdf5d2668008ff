"""The DAG as Airflow reads it: its shape and its settings, and nothing else."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import cli as dbt
from typer.main import get_command

from ingestion.cli import app as marketloom
from ingestion.sources import SOURCES
from tests.shared import ROOT

DAG_FILE = ROOT / "orchestration" / "dags" / "market_elt.py"
INGEST = ["ingest.alpha_vantage", "ingest.calendar", "ingest.polygon", "ingest.rss"]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("airflow")
    subprocess.run(
        [sys.executable, "-m", "tests.orchestration.describe", str(home / "dag.json")],
        env={**os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        cwd=ROOT,
        check=True,
    )
    found: dict[str, Any] = json.loads((home / "dag.json").read_text())
    return found


@pytest.fixture(scope="module")
def tasks(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = described["tasks"]
    return found


def test_it_imports_without_errors_or_warnings(described: dict[str, Any]) -> None:
    assert described["import_errors"] == {}
    assert described["warnings"] == {}
    assert described["dag_ids"] == ["market_elt", "market_full_test"]


def test_it_imports_nothing_heavy(described: dict[str, Any]) -> None:
    heavy = {"pandas", "numpy", "pyarrow", "dlt", "dbt", "psycopg2", "exchange_calendars", "ingestion"}
    assert heavy.isdisjoint(described["packages"])


def test_it_is_thin() -> None:
    text = DAG_FILE.read_text()
    assert len(text.splitlines()) < 60
    assert not re.search(r"^\s*(def|class|if|while|try)\b", text, re.MULTILINE)


def test_its_edges_are_as_drawn(tasks: dict[str, dict[str, Any]]) -> None:
    assert {name: task["upstream"] for name, task in tasks.items()} == {
        "health": [],
        **{source: ["health"] for source in INGEST},
        "freshness": INGEST,
        "build": ["freshness", *INGEST],
        "docs": ["build"],
        "summary": ["docs", "health"],
        "all_succeeded": ["docs", "freshness", *INGEST, "summary"],
    }


def test_a_failure_before_stops_only_what_cannot_do_without_it(tasks: dict[str, dict[str, Any]]) -> None:
    lenient = {name for name, task in tasks.items() if task["trigger_rule"] == "all_done_min_one_success"}
    assert lenient == {"freshness", "build", "summary"}
    assert {task["trigger_rule"] for name, task in tasks.items() if name not in lenient} == {"all_success"}


def test_it_runs_on_weekdays_at_half_past_six_in_new_york(described: dict[str, Any]) -> None:
    assert described["timezone"] == "America/New_York"
    thursday_to_tuesday = ["2026-07-02", "2026-07-03", "2026-07-06", "2026-07-07"]
    assert described["summer_runs"] == [f"{day}T22:30:00+00:00" for day in thursday_to_tuesday]
    assert described["winter_runs"] == [f"{day}T23:30:00+00:00" for day in ("2026-12-04", "2026-12-07")]
    assert described["catchup"] is False


def test_all_rows_are_tested_on_saturdays(described: dict[str, Any]) -> None:
    assert described["full_test_runs"] == [f"2026-07-{day}T14:00:00+00:00" for day in ("04", "11")]
    (task,) = described["full_test_tasks"].values()
    assert task["command"] == ".venv/bin/dbt test --exclude-resource-type unit_test"
    assert Path(task["cwd"]) == ROOT


def test_runs_and_calls_to_one_provider_never_overlap(
    described: dict[str, Any], tasks: dict[str, dict[str, Any]]
) -> None:
    assert described["max_active_runs"] == 1
    assert {task["max_active_tis_per_dag"] for task in tasks.values()} == {1}


def test_every_task_is_tried_again_three_times_with_growing_pauses(tasks: dict[str, dict[str, Any]]) -> None:
    for task in tasks.values():
        assert (task["retries"], task["retry_delay"], task["retry_exponential_backoff"]) == (3, 60, 2)


def test_tasks_run_in_the_project_and_inherit_the_environment_untemplated(
    tasks: dict[str, dict[str, Any]],
) -> None:
    for task in tasks.values():
        if task["command"]:
            assert Path(task["cwd"]) == ROOT
            assert task["env"] is None
            assert "{" not in task["command"] + task["cwd"]


def test_every_command_exists(tasks: dict[str, dict[str, Any]]) -> None:
    programs = {".venv/bin/marketloom": get_command(marketloom), ".venv/bin/dbt": dbt}
    for task in tasks.values():
        if task["command"]:
            program, *words = shlex.split(task["command"])
            assert (ROOT / program).exists()
            command: Any = programs[program]
            while words and hasattr(command, "commands"):
                command = command.commands[words.pop(0)]
            known = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
            assert set(words) <= set(SOURCES) | known | {"unit_test", "test_scope: recent"}
