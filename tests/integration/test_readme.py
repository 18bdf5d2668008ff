"""The README's commands and queries, run in a copy of the project, give the output that it shows.

The first run has loaded the simulated market's past: what the analyses then say is tested on the same warehouse.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.integration.first_run import ANALYSES, Warehouse, check_effects, check_past
from tests.shared import ROOT
from tests.warehouse import discard

README = (ROOT / "README.md").read_text()
NOW = "2026-11-20T23:00:00Z"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def questions() -> list[tuple[str, str]]:
    """SQL blocks, each with the text block that follows it."""
    return re.findall(r"```sql\n(.*?)```\s*```text\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project's files, with the installed .venv."""
    folder = tmp_path_factory.mktemp("newcomer")
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    # What is installed already is not installed again: make must find nothing newer than its stamp.
    stamp = ROOT / ".venv" / ".installed"
    if not stamp.exists():
        pytest.fail("the project is not installed by its own means: run `make install` first")
    for name in ("requirements.lock", "pyproject.toml"):
        os.utime(folder / name, (0, 0))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    yield folder
    discard(folder / ".marketloom")


@pytest.fixture(scope="module")
def first_run(copy: Path) -> str:
    """What the first command of the README prints."""
    done = run("make run", copy)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def warehouse(copy: Path, first_run: str) -> Iterator[Warehouse]:
    """The warehouse after the first run."""
    compiled = run("dbt compile --quiet --select resource_type:analysis --target sandbox", copy)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    connection = psycopg2.connect(run("marketloom url --target sandbox", copy).stdout.strip())
    yield Warehouse(connection, copy / "target" / "compiled" / "marketloom" / "dbt_project" / "analyses")
    connection.close()


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell with .venv activated, in the project's folder, without settings."""
    names = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "PIP_CERT")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    environment |= {"PATH": f"{ROOT / '.venv/bin'}:{environment['PATH']}", "MARKETLOOM_SANDBOX_NOW": NOW}
    return subprocess.run(["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)


def test_the_first_run_says_what_it_has_done(first_run: str) -> None:
    assert "simulated market" in first_run
    assert "over the last 60 sessions" in first_run
    assert "dbt test --target sandbox" in first_run
    assert "SOURCES__POLYGON__API_KEY" in first_run
    assert all(rows > 0 for rows in marts(first_run).values())
    assert set(marts(first_run)) == set(re.findall(r"^\| `((?:dim|fct|bridge|mart)_\w+)` \|", README, re.MULTILINE))


def test_queries_return_the_documented_output(copy: Path, first_run: str) -> None:
    assert len(questions()) == 5
    for query, promised in questions():
        answer = run(f"marketloom psql --target sandbox -c {shlex.quote(query.strip())}", copy)
        assert answer.stdout.rstrip() == promised.rstrip(), answer.stdout + answer.stderr


def test_every_analysis_has_an_expectation(warehouse: Warehouse) -> None:
    assert {path.stem for path in warehouse.analyses.glob("*.sql")} == set(ANALYSES)


@pytest.mark.parametrize("name", sorted(ANALYSES))
def test_each_analysis_says_something_after_the_first_run(warehouse: Warehouse, name: str) -> None:
    ANALYSES[name](warehouse.analysis(name))


def test_the_event_study_finds_the_effects_that_were_planted(warehouse: Warehouse) -> None:
    check_effects(warehouse)


def test_what_happened_in_the_past_is_in_the_marts(warehouse: Warehouse) -> None:
    check_past(warehouse)


def test_commands_run_in_order(copy: Path, first_run: str) -> None:
    commands = [line for block in blocks("bash") for line in block.splitlines()]
    assert commands[0] == "make run"
    for command in commands[1:]:
        done = run(command, copy)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    again = run("make run", copy)
    assert again.returncode == 0, again.stdout + again.stderr
    assert marts(again.stdout) == marts(run("marketloom summary --target sandbox", copy).stdout)
    described = run(r"marketloom psql --target sandbox -c '\d+ marts.fct_daily_bars'", copy).stdout
    assert "The exchange's own date" in described
    check_replay(copy, sorted(marts(again.stdout)))


def check_replay(copy: Path, names: list[str]) -> None:
    """Raw rebuilt from landing gives the same marts, except the list of loads."""
    before = checksums(copy, names)
    for command in ("marketloom replay --target sandbox", "dbt run --target sandbox --full-refresh --quiet"):
        done = run(command, copy)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    after = checksums(copy, names)
    assert {name for name in names if before[name] != after[name]} == {"fct_ingestion_loads"}


def checksums(copy: Path, names: list[str]) -> dict[str, str]:
    """A checksum of each mart's rows in any order, without the time at which dbt wrote them."""
    row = "(to_jsonb(r) - $$_updated_at$$)::text"
    query = " union all ".join(
        f"select $${name}$$ as mart, md5(string_agg({row}, chr(10) order by {row})) as md5 from marts.{name} as r"
        for name in names
    )
    printed = run(f"marketloom psql --target sandbox -c '{query}'", copy).stdout
    sums = dict(re.findall(r"(\w+) *\| ([0-9a-f]{32})", printed))
    assert sorted(sums) == names
    return sums


def marts(printed: str) -> dict[str, int]:
    """Mart names and row counts in a printed summary."""
    found = re.findall(r"((?:dim|fct|bridge|mart)_\w+) *│ *([\d,]+)", printed)
    return {name: int(rows.replace(",", "")) for name, rows in found}


def test_the_tree_names_what_is_there() -> None:
    (tree,) = [block for block in blocks("text") if "ingestion/" in block]
    folder = Path()
    for line in tree.splitlines():
        names = re.findall(r"[\w/]+(?:\.py|/)", line.partition("  " if not line.startswith(" ") else "    ")[0])
        for name in names:
            place = folder / name if line.startswith(" ") else Path(name)
            assert (ROOT / place).exists(), place
            if not line.startswith(" "):
                folder = Path(name)


def test_every_documented_command_exists() -> None:
    named = set(re.findall(r"`marketloom ([\w-]+)", README))
    helped = subprocess.run(
        [ROOT / ".venv/bin/marketloom", "--help"], capture_output=True, text=True, check=True
    ).stdout
    assert named <= set(re.findall(r"^\s+([\w-]+)\s", helped, re.MULTILINE))


def test_make_help_lists_every_target_that_the_readme_names() -> None:
    helped = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"`make (\w+)`", README)) <= set(re.findall(r"make (\w+)", helped))
