"""Run marketloom and its reference in turn, and compare their time and memory."""

import math
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import psutil

from ingestion.config import Settings
from ingestion.load import schemas
from ingestion.runner import Resources
from ingestion.sources import SOURCES
from ingestion.warehouse import embedded
from ingestion.warehouse.server import Warehouse

ROOT = Path(__file__).resolve().parents[1]
MEBIBYTE = 1024 * 1024


@contextmanager
def _watched(pid: int) -> Iterator[list[int]]:
    """Watch the largest peak memory of any process in a tree, in bytes, while the block runs.

    The kernel's figure at the end of a process is too high: it includes the memory of the process that forked it.
    """
    peak, is_over = [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            with suppress(psutil.Error, OSError):
                tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
                peak[0] = max(peak[0], *(_high_water(process.pid) for process in tree))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        is_over.set()
        thread.join()


def _high_water(pid: int) -> int:
    """Peak memory of a process on Linux; current memory elsewhere."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return int(psutil.Process(pid).memory_info().rss)
    lines = [line.split() for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(lines[0][1]) * 1024 if lines else 0


class BenchmarkFailed(RuntimeError):
    """A side did not do its work; the text holds its output."""


@dataclass(frozen=True)
class Options:
    """Amounts to measure (bars, lengths of history in bars, repetitions) and the folder of real archives.

    With `kept`, histories are built in that folder and stay there for later runs.
    """

    rows: int
    history: tuple[int, ...]
    repeat: int
    data: Path
    kept: Path | None = None


@dataclass
class Side:
    """One way to do the work: `run` is measured, `prepare` before it is not. `rows` is the amount of work."""

    name: str
    run: Callable[[], "Process | None"]
    prepare: Callable[[], None] = lambda: None
    rows: int | None = None


@dataclass(frozen=True)
class Comparison:
    """marketloom and its reference: rows per second ("at least"), or seconds ("at most") if rows are unknown."""

    name: str
    ours: Side
    reference: Side
    target: float
    sense: Literal["at least", "at most"] = "at least"


@dataclass(frozen=True)
class Process:
    """Processor seconds of a process and its children, and peak memory of the largest of them in bytes."""

    cpu_seconds: float
    peak_bytes: int
    printed: str = ""


@dataclass
class Measured:
    """The measurements of one side."""

    name: str
    rows: int | None
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    server_cpu_seconds: list[float] = field(default_factory=list)
    peak_bytes: int = 0
    share: float = 0.5

    @property
    def typical(self) -> float:
        """The quantile `share` of the measurements: by default the median."""
        if self.share == 0.5:
            return statistics.median(self.seconds)
        return sorted(self.seconds)[max(0, math.ceil(self.share * len(self.seconds)) - 1)]

    def add(self, seconds: float, process: "Process | None" = None) -> None:
        """Add a measurement."""
        self.seconds.append(seconds)
        if process:
            self.cpu_seconds.append(process.cpu_seconds)
            self.peak_bytes = max(self.peak_bytes, process.peak_bytes)


@dataclass
class Result:
    """The outcome of a comparison. The target applies to the ratio, or to marketloom's seconds alone."""

    name: str
    ours: Measured
    reference: Measured
    target: float
    sense: str
    unit: Literal["ratio", "seconds"] = "ratio"

    @property
    def ratio(self) -> float:
        """marketloom divided by reference: rates if both count rows, otherwise times."""
        if self.ours.rows and self.reference.rows:
            return (self.ours.rows / self.ours.typical) / (self.reference.rows / self.reference.typical)
        return self.ours.typical / self.reference.typical

    @property
    def is_met(self) -> bool:
        reached = self.ratio if self.unit == "ratio" else self.ours.typical
        return reached >= self.target if self.sense == "at least" else reached <= self.target

    def as_dict(self) -> dict[str, Any]:
        """Everything, for --json."""
        return {**asdict(self), "ratio": self.ratio, "is_met": self.is_met}


class Bench:
    """A temporary folder and warehouse in which benchmarks run."""

    def __init__(self, options: Options, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.settings = Settings(root=ROOT, home=folder / "home", target="live")
        # Histories that several benchmarks share, and what to close at the end.
        self.shared: dict[object, Any] = {}
        self.until_end = ExitStack()

    def __enter__(self) -> Self:
        self.until_end.callback(Warehouse(self.settings).down)
        Warehouse(self.settings).up(schemas.names(SOURCES.values()))
        return self

    def __exit__(self, *failure: object) -> None:
        self.until_end.close()

    def marketloom(self, *arguments: str, **environment: str) -> Process:
        """Run and measure a marketloom command."""
        return self.process([sys.executable, "-c", "from ingestion.cli import app; app()", *arguments], **environment)

    def dbt(self, *arguments: str, **environment: str) -> Process:
        """Run and measure dbt as `marketloom run` calls it."""
        return self.process([str(Path(sys.executable).with_name("dbt")), *arguments, "--quiet"], **environment)

    def dlt(self, module: str, *arguments: str) -> Process:
        """Run and measure a module that uses plain dlt, with default settings; the last argument is the DSN."""
        home = self.folder / "dlt"
        shutil.rmtree(home, ignore_errors=True)
        own = {"DLT_PROJECT_DIR": str(home), "DLT_DATA_DIR": str(home), "RUNTIME__DLTHUB_TELEMETRY": "false"}
        return self.process([sys.executable, "-m", module, *arguments, self.settings.dsn()], **own)

    def psql(self, statement: str) -> Process:
        """Run and measure one statement or backslash command in psql."""
        program = str(embedded.program("psql"))
        return self.process([program, "-d", self.settings.database, "-qXv", "ON_ERROR_STOP=1", "-c", statement])

    def script(self, path: Path) -> Process:
        """Run and measure a script in psql."""
        program = str(embedded.program("psql"))
        return self.process([program, "-d", self.settings.database, "-qXv", "ON_ERROR_STOP=1", "-f", str(path)])

    def process(self, command: Sequence[str], **environment: str) -> Process:
        """Run a command; raises BenchmarkFailed with its output if it fails."""
        own = {**self.settings.subprocess_environment, "MARKETLOOM_HOME": str(self.settings.home)}
        own |= {"PYTHONPATH": str(ROOT), "PROVIDERS__ENABLE_AIRFLOW_SECRETS": "false"}
        own |= {f"DBT_{name.upper()}_PATH": str(self.folder / name) for name in ("target", "log")} | environment
        with (self.folder / "output").open("w+") as output:
            child = subprocess.Popen(command, cwd=ROOT, env=own, stdout=output, stderr=subprocess.STDOUT)
            with _watched(child.pid) as peak:
                _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            printed = output.read()
        if child.returncode:
            raise BenchmarkFailed(f"{' '.join(command)}\n{printed}")
        return Process(usage.ru_utime + usage.ru_stime, peak[0], printed)

    def value(self, query: str) -> Any:
        """The first column of a query's first row."""
        with Warehouse(self.settings).connect() as connection, connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
        return row[0] if row else None

    def execute(self, *statements: str) -> None:
        """Execute statements, each in its own transaction."""
        with Warehouse(self.settings).connect(autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def delete_source(self, source: str) -> None:
        """Delete everything landed or loaded from a source."""
        Resources.of(self.settings).run(SOURCES[source]).empty()
        shutil.rmtree(self.settings.home / "landing" / self.settings.target / source, ignore_errors=True)

    def compare(self, comparison: Comparison, repeat: int | None = None) -> Result:
        """Measure both sides in turn."""
        sides = (comparison.reference, comparison.ours)
        measured = {side.name: Measured(side.name, side.rows) for side in sides}
        for _ in range(repeat or self.options.repeat):
            for side in sides:
                side.prepare()
                self.measure(side.run, measured[side.name])
        ours, reference = measured[comparison.ours.name], measured[comparison.reference.name]
        return Result(comparison.name, ours, reference, comparison.target, comparison.sense)

    def measure(self, work: Callable[[], Process | None], into: Measured) -> None:
        """Do the work, and record its seconds and the processor time of its processes and of the server."""
        # Earlier writes must not count here.
        self.execute("checkpoint")
        began, started = self._server_cpu_seconds(), time.monotonic()
        process = work()
        into.add(time.monotonic() - started, process)
        into.server_cpu_seconds.append(self._server_cpu_seconds() - began)

    def _server_cpu_seconds(self) -> float:
        """Processor seconds of the embedded server's processes so far, ended ones included."""
        server = psutil.Process(int((self.settings.warehouse_folder / "postmaster.pid").read_text().split()[0]))
        ended = server.cpu_times()
        seconds = ended.children_user + ended.children_system
        for child in server.children():
            with suppress(psutil.Error):
                seconds += child.cpu_times().user + child.cpu_times().system
        return float(seconds)
