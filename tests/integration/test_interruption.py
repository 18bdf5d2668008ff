"""Ctrl-C and SIGTERM end a command at once, with one line and their own status; the next run completes the work."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import IO

import pytest

from ingestion.config import Settings
from sandbox.server import Sandbox
from tests.integration.test_machines import BIN
from tests.warehouse import value

ROWS = 300_000
# A shell that runs the tests in the background makes them, and what they start, ignore SIGINT.
LISTENING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture(scope="module")
def headlines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bulk") / "headlines.csv"
    lines = [f"Headline {n},2020-01-01 10:00:00-05:00,AB{n % 9}\n" for n in range(ROWS)]
    path.write_text("title,date,stock\n" + "".join(lines))
    return path


def interrupted(number: signal.Signals, until: str, *arguments: str) -> tuple[int, str]:
    """Start a command, send a signal when it has printed a line with `until`; its status and what it said."""
    command = [sys.executable, "-c", LISTENING, str(BIN / "marketloom"), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        wait_for(process.stdout, until)
        process.send_signal(number)
        out, error = process.communicate(timeout=60)
    return process.returncode, out + error


def wait_for(stream: IO[str], text: str) -> None:
    for line in stream:
        if text in line:
            return
    pytest.fail(f"it ended before it said {text!r}")


@pytest.mark.parametrize(
    ("number", "status", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_backfill_that_is_interrupted_is_completed_by_the_next(
    settings: Settings, headlines: Path, number: signal.Signals, status: int, word: str
) -> None:
    found, said = interrupted(number, "1 responses", "backfill", "headlines", str(headlines))
    assert (found, said) == (
        status,
        f"marketloom: {word}; what was received is kept, and the next run goes on from there\n",
    )
    done = subprocess.run([str(BIN / "marketloom"), "backfill", "headlines", str(headlines)], check=False)
    assert done.returncode == 0
    assert value(settings, "select count(*) from raw_headlines.headlines") == ROWS
    again, said = interrupted(number, "1 responses", "replay", "headlines")
    assert again == status and "Traceback" not in said
    assert subprocess.run([str(BIN / "marketloom"), "replay", "headlines"], check=False).returncode == 0
    assert value(settings, "select count(*) from raw_headlines.headlines") == ROWS


def test_a_run_that_waits_for_a_provider_is_interrupted_too(settings: Settings, sandbox: Sandbox) -> None:
    sandbox.add_fault("/rss/", "timeout", seconds=30)
    found, said = interrupted(signal.SIGINT, "calendar: 1 responses", "ingest", "calendar", "rss")
    assert found == 130 and "interrupted" in said and "FAILED" not in said and "Traceback" not in said


def test_programs_that_a_command_started_end_with_it() -> None:
    script = """
        import subprocess, sys
        from ingestion.interruption import ends_when_interrupted
        with ends_when_interrupted():
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            print(child.pid, "started", flush=True)
            child.wait()
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline().split()[0])
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 143 and error.startswith("marketloom: terminated")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
