"""Airflow's REST API for tests: trigger a run, wait for its end, read the states of its tasks.

The API is described in https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html
"""

import json
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from orchestration.local import LocalAirflow


@dataclass(frozen=True)
class Run:
    """A DAG run in progress in `airflow`."""

    airflow: LocalAirflow
    session: requests.Session
    dag_id: str
    run_id: str

    @property
    def _path(self) -> str:
        return f"{self.airflow.url}/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}"

    def state(self, timeout: float) -> str:
        """The state in which the run ended; the server reports each change of it. TimeoutError after `timeout` s."""
        deadline = time.monotonic() + timeout
        with self.session.get(f"{self._path}/wait", params={"interval": 0.5}, stream=True, timeout=30) as answer:
            answer.raise_for_status()
            state = "unknown"
            for line in answer.iter_lines(chunk_size=1):
                state = json.loads(line)["state"]
                self.airflow.check()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"{self.dag_id} is {state} after {timeout:.0f} s\n{self.report()}")
        return state

    def tasks(self) -> dict[str, str]:
        """Task names and their final states."""
        answer = self.session.get(f"{self._path}/taskInstances", timeout=30)
        answer.raise_for_status()
        return {task["task_id"]: task["state"] for task in answer.json()["task_instances"]}

    def logs(self) -> list[Path]:
        """The logs of all tries of all tasks."""
        return sorted((self.airflow.home / "logs" / f"dag_id={self.dag_id}").rglob("*.log"))

    def report(self) -> str:
        """The state of each task, and the output of those that did not succeed."""
        unhappy = {f"task_id={name}" for name, state in self.tasks().items() if state != "success"}
        texts = [f"== {log}\n{_printed(log)}" for log in self.logs() if log.parent.name in unhappy]
        return "\n".join([str(self.tasks()), *texts])


def _printed(log: Path) -> str:
    return "\n".join(json.loads(line)["event"] for line in log.read_text().splitlines())


def trigger(airflow: LocalAirflow, dag_id: str, timeout: float = 60) -> Run:
    """Start a run of `dag_id` as soon as Airflow has read its file."""
    session = requests.Session()
    token = session.get(f"{airflow.url}/auth/token", timeout=30).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    deadline = time.monotonic() + timeout
    while not session.get(f"{airflow.url}/api/v2/dags/{dag_id}", timeout=30).ok:
        airflow.check()
        if time.monotonic() > deadline:
            raise TimeoutError(f"{dag_id} is not there: see {airflow.log('dag-processor')}")
        time.sleep(0.2)
    body = {"logical_date": None}
    answer = session.post(f"{airflow.url}/api/v2/dags/{dag_id}/dagRuns", json=body, timeout=30)
    answer.raise_for_status()
    return Run(airflow, session, dag_id, answer.json()["dag_run_id"])
