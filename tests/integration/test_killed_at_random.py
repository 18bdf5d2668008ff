"""kill -9 at random moments of any command, with and without the server: nothing is lost, nothing is doubled."""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pytest

from ingestion import config
from ingestion.config import Settings
from ingestion.sources import SOURCES
from sandbox.archives import write_archives
from sandbox.headlines import write_headlines
from sandbox.market import Market
from sandbox.server import Sandbox
from tests.dbt.conftest import MARTS
from tests.integration.providers import NOW
from tests.shared import ROOT
from tests.soak import SOAK
from tests.warehouse import checksum, rows, value

KILLS = 200 if SOAK else 4
INGESTION = ("ingest", "backfill pystock", "backfill headlines", "replay")
MARKETLOOM = [sys.executable, "-c", "from ingestion.cli import app; app()"]
DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]
FILES = ("raw_pystock.prices", "raw_pystock.symbols", "raw_headlines.headlines")
POLYGON = tuple(f"raw_polygon.{table.name}" for table in SOURCES["polygon"].tables)
OPERATIONS = ("fct_ingestion_loads", "fct_ingestion_requests")


@dataclass
class Collector:
    """Commands on an embedded warehouse of their own; `seconds` is how long each took undisturbed."""

    settings: Settings
    commands: dict[str, list[str]]
    seconds: dict[str, float] = field(default_factory=dict)

    def complete(self, name: str) -> None:
        """Run a command to its end."""
        started = time.monotonic()
        done = subprocess.run(self.commands[name], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (name, done.stdout, done.stderr)
        self.seconds.setdefault(name, time.monotonic() - started)

    def kill(self, name: str, share: float, *, server: bool) -> bool:
        """Start a command and kill it after a share of its time, or first the server; True if it was still running."""
        with subprocess.Popen(
            self.commands[name], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(share * self.seconds[name])
            except subprocess.TimeoutExpired:
                if server:
                    os.kill(
                        int((self.settings.warehouse_folder / "postmaster.pid").read_text().split()[0]), signal.SIGKILL
                    )
                process.kill()
                return True
        return False


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory, market: Market) -> Iterator[Collector]:
    home = Path(tempfile.mkdtemp(prefix="loom-"))
    home.chmod(0o755)  # else the data of a server that root starts would move elsewhere
    files = tmp_path_factory.mktemp("files")
    write_archives(market, files / "pystock", date(2024, 3, 4), date(2024, 3, 15))
    write_headlines(market, files / "news.csv", date(2024, 3, 4), date(2024, 3, 15))
    shutil.copy(ROOT / "profiles.yml.example", files / "profiles.yml")
    with pytest.MonkeyPatch.context() as patch, Sandbox(market=market, now=NOW) as sandbox:
        patch.setenv("MARKETLOOM_HOME", str(home))
        patch.setenv("SOURCES__POLYGON__BASE_URL", f"{sandbox.url}/polygon")
        patch.setenv("SOURCES__POLYGON__API_KEY", "sandbox-unlimited")
        patch.setenv("SOURCES__POLYGON__RATES", "[]")
        patch.setenv("DBT_PROFILES_DIR", str(files))
        patch.setenv("DBT_TARGET_PATH", str(files / "target"))
        patch.setenv("DBT_LOG_PATH", str(files / "logs"))
        patch.chdir(ROOT)
        commands = {
            "ingest": [*MARKETLOOM, "ingest", "polygon", "--since", "2024-03-11", "--until", "2024-03-15"],
            "backfill pystock": [*MARKETLOOM, "backfill", "pystock", str(files / "pystock")],
            "backfill headlines": [*MARKETLOOM, "backfill", "headlines", str(files / "news.csv")],
            "replay": [*MARKETLOOM, "replay", "pystock", "polygon"],
            "dbt": [*DBT, "run", "--quiet"],
            "up": [*MARKETLOOM, "up"],
            "down": [*MARKETLOOM, "down"],
            "seed": [*DBT, "seed", "--quiet"],
            "refresh": [*DBT, "run", "--quiet", "--full-refresh"],
        }
        found = Collector(config.load("live"), commands)
        found.complete("up")
        yield found
        found.complete("down")
    shutil.rmtree(home)


def state(collector: Collector) -> dict[str, str]:
    """A checksum of each raw table and mart, without the columns that say which load or build wrote a row."""
    marts = [f"marts.{mart}" for mart in MARTS if SOAK and mart not in OPERATIONS]
    names = [*FILES, *POLYGON, *marts]
    return {name: checksum(collector.settings, name, without=("_dlt_load_id", "_updated_at")) for name in names}


def test_after_any_kills_the_raw_tables_and_marts_are_those_of_undisturbed_runs(collector: Collector) -> None:
    builds = ("dbt",) if SOAK else ()  # tests/dbt kills builds as well
    for name in ("seed",) * len(builds) + INGESTION + builds:
        collector.complete(name)
    expected = {name: value(collector.settings, f"select count(*) from {name}") for name in FILES}
    assert min(expected.values()) > 50
    chance = random.Random(20240315)
    kills = servers = 0
    while kills < KILLS:
        name = chance.choice(INGESTION + builds)
        server = chance.random() < 1 / 3
        was_killed = collector.kill(name, chance.random(), server=server)
        kills += was_killed
        servers += was_killed and server
        if server:
            collector.complete("up")
    for name in INGESTION[:3] + builds:
        collector.complete(name)
    found = {name: value(collector.settings, f"select count(*) from {name}") for name in expected}
    assert found == expected
    loaded = sum(value(collector.settings, f"select count(*) from {name}") for name in POLYGON)
    account = "select sum(rows_received) - sum(rows_quarantined) from raw_ops.requests where source = 'polygon'"
    assert value(collector.settings, account) == loaded
    assert len(rows(collector.settings, "select distinct date from raw_polygon.bars")) == 5
    disturbed = state(collector)
    collector.complete("replay")
    if SOAK:
        collector.complete("refresh")
    assert state(collector) == disturbed
    print(f"{kills} kills, {servers} of them with the server: 0 rows lost, 0 doubled, marts equal")
