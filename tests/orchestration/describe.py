"""Write how Airflow reads orchestration/dags as JSON: `python -m tests.orchestration.describe FILE`.

In a separate process, because importing Airflow changes logging, warnings and AIRFLOW_HOME.
"""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import DataInterval, TimeRestriction
from pendulum import DateTime, instance

DAGS = Path(__file__).resolve().parents[2] / "orchestration" / "dags"


def describe() -> dict[str, Any]:
    """Import errors, packages imported, and the DAG as the scheduler reads it from its database."""
    bag = DagBag(str(DAGS))
    packages = sorted({module.partition(".")[0] for module in sys.modules})
    dag, full_test = (
        DagSerialization.from_dict(DagSerialization.to_dict(bag.dags[dag_id]))
        for dag_id in ("market_elt", "market_full_test")
    )
    return {
        "import_errors": bag.import_errors,
        "warnings": bag.captured_warnings,
        "dag_ids": sorted(bag.dags),
        "packages": packages,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "timezone": dag.timetable.serialize()["timezone"],
        "summer_runs": runs_after(dag, datetime.fromisoformat("2026-07-02T00:00:00+00:00"), 4),
        "winter_runs": runs_after(dag, datetime.fromisoformat("2026-12-04T00:00:00+00:00"), 2),
        "full_test_runs": runs_after(full_test, datetime.fromisoformat("2026-07-02T00:00:00+00:00"), 2),
        "full_test_tasks": {task.task_id: describe_task(task) for task in full_test.tasks},
        "tasks": {task.task_id: describe_task(task) for task in dag.tasks},
    }


def describe_task(task: Any) -> dict[str, Any]:
    return {
        "upstream": sorted(task.upstream_task_ids),
        "trigger_rule": str(task.trigger_rule),
        "retries": task.retries,
        "retry_delay": task.retry_delay.total_seconds(),
        "retry_exponential_backoff": task.retry_exponential_backoff,
        "max_active_tis_per_dag": task.max_active_tis_per_dag,
        "command": getattr(task, "bash_command", None),
        "env": getattr(task, "env", None),
        "cwd": getattr(task, "cwd", None),
    }


def runs_after(dag: Any, moment: datetime, count: int) -> list[str]:
    """The next `count` planned runs after `moment`, as UTC times."""
    runs: list[str] = []
    last: DateTime = instance(moment)
    for _ in range(count):
        info = dag.timetable.next_dagrun_info(
            last_automated_data_interval=DataInterval(last, last), restriction=TimeRestriction(None, None, True)
        )
        last = info.run_after
        runs.append(last.in_timezone("UTC").isoformat())
    return runs


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(describe()))
