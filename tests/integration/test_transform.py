"""`python -m ingestion.transform` is dbt."""

import subprocess
import sys
from importlib.metadata import version

from tests.shared import ROOT


def transform(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ingestion.transform", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_it_takes_the_arguments_of_dbt() -> None:
    done = transform("--version")
    assert done.returncode == 0 and version("dbt-core") in done.stdout


def test_it_fails_where_dbt_fails() -> None:
    done = transform("weave")
    assert done.returncode == 2 and "No such command 'weave'" in done.stderr + done.stdout
