"""The simulated market, run in a process of its own: ingestion talks to it as to any provider."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import requests

from ingestion.errors import MarketloomError
from ingestion.extract.proxies import route_to

CLOCK = "X-Sandbox-Now"


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
            raise SimulationError(f"the simulated market did not start (exit status {process.wait()}): see above")
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
    """True if a simulated market responds at `url`: not any other program that listens there."""
    try:
        _clock(url, timeout=2)
    except (requests.RequestException, ValueError, KeyError):
        return False
    return True


def current_time(url: str) -> datetime:
    """The time by the clock of the simulated market at `url`."""
    try:
        return _clock(url, timeout=10)
    except (requests.RequestException, ValueError, KeyError) as error:
        raise SimulationError(f"the simulated market at {url} does not tell its time: start it again") from error


def _clock(url: str, timeout: float) -> datetime:
    with requests.Session() as session:
        session.trust_env = False  # a proxy for the internet does not know this machine's own addresses
        response = session.get(
            f"{url}/_sandbox/health", timeout=timeout, allow_redirects=False, **route_to(url).arguments
        )
    response.raise_for_status()
    return datetime.fromisoformat(response.headers[CLOCK]).astimezone(UTC)


def first_session(url: str) -> date:
    """The first session of the simulated market at `url`."""
    return date.fromisoformat(requests.get(f"{url}/_sandbox/health", timeout=10).json()["first_session"])


def _command(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
