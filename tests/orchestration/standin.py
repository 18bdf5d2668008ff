"""A project folder with the real DAG under another name, whose executables only record their calls, or fail."""

from dataclasses import dataclass
from pathlib import Path

from tests.shared import ROOT

EXECUTABLE = """#!/bin/sh
call="$(basename "$0") $*"
echo "$call" >> calls
test ! -e "fails/$call"
"""


@dataclass(frozen=True)
class StandIn:
    """The project is in `root`; the DAG is called `dag_id`."""

    root: Path
    dag_id: str

    @property
    def dags(self) -> Path:
        """The folder for Airflow to read."""
        return self.root / "orchestration" / "dags"

    def calls(self) -> list[str]:
        """All calls so far, such as "dbt build", sorted."""
        return sorted((self.root / "calls").read_text().splitlines())


def stand_in(root: Path, dag_id: str, *fails: str) -> StandIn:
    """Create the project; the calls in `fails` (such as "dbt build") end with status 1."""
    made = StandIn(root, dag_id)
    binaries, marks = root / ".venv" / "bin", root / "fails"
    for folder in (binaries, made.dags, marks):
        folder.mkdir(parents=True)
    for name in ("marketloom", "dbt"):
        (binaries / name).write_text(EXECUTABLE)
        (binaries / name).chmod(0o755)
    for call in fails:
        (marks / call).touch()
    text = (ROOT / "orchestration" / "dags" / "market_elt.py").read_text()
    (made.dags / "market_elt.py").write_text(text.replace('dag_id="market_elt"', f'dag_id="{dag_id}"'))
    return made
