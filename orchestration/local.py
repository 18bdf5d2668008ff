"""Run Airflow on this machine, without examples or telemetry: to try the DAGs, and for the tests.

`airflow standalone` would also serve task logs on every network interface.
Settings are described in https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html
"""

import argparse
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from ingestion.config import load

ROOT = Path(__file__).resolve().parents[1]
AIRFLOW = Path(sys.executable).with_name("airflow")
# The parts that a DAG run needs, and their names on the health page. No task defers, so there is no triggerer.
PARTS = {
    "api-server": (("api-server",), "metadatabase"),
    "scheduler": (("scheduler", "--skip-serve-logs"), "scheduler"),
    "dag-processor": (("dag-processor",), "dag_processor"),
}


class LocalAirflowError(RuntimeError):
    """Airflow did not start, or a part of it ended; the message names the part and its log."""


class LocalAirflow:
    """Airflow in `home`, on 127.0.0.1:`port`, for the duration of the block; all users are administrators.

    `overrides` are further environment variables for its parts and for the tasks they run.
    """

    def __init__(self, home: Path, port: int, overrides: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "orchestration" / "dags"),
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
            "AIRFLOW__CORE__PARALLELISM": "8",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__BASE_URL": self.url,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
            "SCARF_ANALYTICS": "false",
            **(overrides or {}),
        }
        self._parts: dict[str, subprocess.Popen[bytes]] = {}
        self._files = ExitStack()

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise LocalAirflowError(f"port {self.port} is taken: choose another with --port")
        self.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            # First and alone: it also writes airflow.cfg, with the secret that all parts share.
            self._start("migrate", "db", "migrate")
            if self._parts["migrate"].wait(timeout=300) == 0:
                del self._parts["migrate"]
            self.check()
            for name, (command, _) in PARTS.items():
                self._start(name, *command)
            self._wait_until_healthy(timeout=120)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def log(self, part: str) -> Path:
        """The file with the output of `part` of Airflow."""
        return self.home / f"{part}.log"

    def check(self) -> None:
        """Raise LocalAirflowError if a part has ended."""
        for name, process in self._parts.items():
            if process.poll() is not None:
                raise LocalAirflowError(f"{name} ended with status {process.returncode}: see {self.log(name)}")

    def processes(self) -> list[psutil.Process]:
        """Every part and its descendants, including the commands of tasks."""
        family = []
        for part in self._parts.values():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(part.pid)
                family += [process, *process.children(recursive=True)]
        return family

    def stop(self) -> None:
        """End every part and every task that it runs."""
        family = self.processes()
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        _, stubborn = psutil.wait_procs(family, timeout=5)
        for process in stubborn:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for part in self._parts.values():
            part.wait()
        self._parts.clear()
        self._files.close()

    def _start(self, name: str, *arguments: str) -> None:
        output = self._files.enter_context(self.log(name).open("wb"))
        # env(1) adds to the inherited environment, which tasks need (PG*, MARKETLOOM_TARGET, SOURCES__*).
        command = ["env", *(f"{key}={value}" for key, value in self.environment.items()), str(AIRFLOW), *arguments]
        self._parts[name] = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )

    def _wait_until_healthy(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while waiting := self._unhealthy():
            self.check()
            if time.monotonic() > deadline:
                raise LocalAirflowError(f"not ready after {timeout:.0f} s: {', '.join(waiting)}; logs in {self.home}")
            time.sleep(0.2)

    def _unhealthy(self) -> list[str]:
        health: dict[str, dict[str, str]] = {}
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
        return [name for name, (_, key) in PARTS.items() if health.get(key, {}).get("status") != "healthy"]


def main() -> None:
    """Run until interrupted: `python -m orchestration.local [--port 8080]`."""
    parser = argparse.ArgumentParser(prog="python -m orchestration.local", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="port of the web pages (default 8080)")
    parser.add_argument("--home", type=Path, help="AIRFLOW_HOME (default .marketloom/airflow)")
    options = parser.parse_args()
    home = (options.home or load().home / "airflow").resolve()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(f"starting Airflow in {home}: about half a minute …", flush=True)
    try:
        with LocalAirflow(home, options.port) as airflow:
            print(f"{airflow.url}/dags/market_elt  (Ctrl-C stops it; logs in {home})", flush=True)
            print("market_elt is paused: trigger it there, or unpause it to let it run on weekdays at 18:30 New York")
            while True:
                airflow.check()
                time.sleep(1)
    except LocalAirflowError as error:
        sys.exit(f"Airflow: {error}")
    except KeyboardInterrupt:
        print("stopped")


if __name__ == "__main__":
    main()
