"""The simulated market, run in a process of its own: ingestion talks to it as to any provider."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import requests

from ingestion.errors import MarketloomError
from ingestion.extract.proxies import route_to


class SimulationError(MarketloomError):
    """The simulated market does not start or does not respond."""


def serve(arguments: Sequence[str]) -> NoReturn:
    """Replace this process with the simulated market."""
    os.execv(sys.executable, _command("sandbox", *arguments))


@contextmanager
def running(now: str | None) -> Iterator[str]:
    """Run a simulated market on a free port for the duration of the block; yields its URL.

    `now` pins its clock (ISO 8601); None: real time. The market also ends if this process is killed.
    """
    command = _command("sandbox", "--port", "0", "--until-stdin-closes", *(["--now", now] if now else []))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        started = process.stdout.readline().split()
        if not started:
            raise SimulationError(f"the simulated market did not start: exit status {process.wait()}")
        try:
            yield started[-1]
        finally:
            process.terminate()


def write_sample(folder: Path, *, now: str | None = None, sessions: int = 10) -> Path:
    """Write bulk files of the simulated market into `folder` and return it."""
    arguments = [str(folder), "--sessions", str(sessions), *(["--now", now] if now else [])]
    if subprocess.run(_command("sandbox.sample", *arguments), check=False).returncode:
        raise SimulationError(f"the sample files could not be written to {folder}")
    return folder


def is_available(url: str) -> bool:
    """True if a simulated market responds at `url`."""
    try:
        return _health(url, timeout=2).ok
    except requests.RequestException:
        return False


def current_time(url: str) -> datetime:
    """The time by the clock of the simulated market at `url`."""
    response = _health(url, timeout=10)
    return datetime.fromisoformat(response.headers["X-Sandbox-Now"]).astimezone(UTC)


def _health(url: str, timeout: float) -> requests.Response:
    """The market's health; this machine is asked directly, whatever proxy the environment names."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{url}/_sandbox/health", timeout=timeout, **route_to(url).arguments)


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
